// Swagger UI over the published spec. The key that somebody enters is kept in this page's memory alone.
"use strict";

const place = document.getElementById("reference");
const keyField = document.getElementById("key");
const loading = document.getElementById("loading");
const night = matchMedia("(prefers-color-scheme: dark)");

function follow() {
  document.documentElement.classList.toggle("dark-mode", night.matches);
}

night.addEventListener("change", follow);
follow();

function withKey(request) {
  if (keyField.value.trim()) request.headers["X-API-Key"] = keyField.value.trim();
  return request;
}

// Swagger UI fills every field in with its example, and would send filters and preconditions that nobody meant.
function toBeTried(spec) {
  const operations = Object.values(spec.paths).flatMap((item) => [item, ...Object.values(item)]);
  const own = operations.flatMap((each) => each.parameters ?? []);
  for (const parameter of [...own, ...Object.values(spec.components.parameters)]) {
    if (parameter.required) continue;
    delete parameter.example;
    delete parameter.examples;
    if (!parameter.schema) continue; // a reference to one that is among them
    const named = spec.components.schemas[parameter.schema.$ref?.split("/").at(-1)];
    parameter.schema = { ...(named ?? parameter.schema), example: undefined };
  }
  delete spec.info.description;
  return spec;
}

async function show() {
  const reply = await fetch(place.dataset.spec);
  SwaggerUIBundle({
    spec: toBeTried(await reply.json()),
    domNode: place,
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: -1,
    displayRequestDuration: true,
    persistAuthorization: false,
    requestInterceptor: withKey,
    syntaxHighlight: { theme: "nord" },
    validatorUrl: null,
    onComplete: () => loading.remove(),
  });
}

show().catch(() => { loading.textContent = "The reference could not be loaded. Reload the page, or open openapi.yaml."; });

// One field for the key: not with the enter key, which would send the form and reload the page.
document.getElementById("try-key").addEventListener("submit", (event) => event.preventDefault());

document.querySelector(".docs-operations").addEventListener("click", (event) => {
  const link = event.target.closest("a[data-operation]");
  const block = link && place.querySelector(`.opblock[id$="-${link.dataset.operation}"]`);
  if (!block) return;
  event.preventDefault();
  const control = block.querySelector(".opblock-summary-control");
  if (control.getAttribute("aria-expanded") !== "true") control.click();
  history.replaceState(null, "", link.hash);
  block.scrollIntoView();
  control.focus({ preventScroll: true });
});
