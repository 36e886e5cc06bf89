// Swagger UI over the published spec. The key that somebody enters is kept in this page's memory alone.
"use strict";

const place = document.getElementById("reference");
const keyField = document.getElementById("key");
const loading = document.getElementById("loading");
const links = [...document.querySelectorAll("a[data-operation]")];
const night = matchMedia("(prefers-color-scheme: dark)");

function follow() {
  document.documentElement.classList.toggle("dark-mode", night.matches);
}

night.addEventListener("change", follow);
follow();

// What is shown as curl holds no key: it is put in when the request leaves.
function withKey(request) {
  const key = keyField.value.trim();
  if (!key) return request;
  request.headers["X-API-Key"] = "kfb_…";
  request.userFetch = (url, sent) => fetch(url, { ...sent, headers: { ...sent.headers, "X-API-Key": key } });
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

// The operations alone: the page around them has said the rest, and has a main part already.
const operationsAlone = ({ React }) => ({
  components: {
    OperationsAlone: ({ getComponent }) =>
      React.createElement("div", { className: "swagger-ui" }, React.createElement(getComponent("operations", true))),
  },
});

async function show() {
  const reply = await fetch(place.dataset.spec);
  SwaggerUIBundle({
    spec: toBeTried(await reply.json()),
    domNode: place,
    docExpansion: "list",
    plugins: [operationsAlone],
    layout: "OperationsAlone",
    defaultModelsExpandDepth: -1,
    displayRequestDuration: true,
    persistAuthorization: false,
    requestInterceptor: withKey,
    syntaxHighlight: { theme: "nord" },
    validatorUrl: null,
    onComplete: () => {
      loading.remove();
      requestAnimationFrame(() => open(links.find((link) => link.hash && link.hash === location.hash)));
    },
  });
}

show().catch(() => { loading.textContent = "The reference could not be loaded. Reload the page, or open openapi.yaml."; });

// One field for the key: not with the enter key, which would send the form and reload the page.
document.getElementById("try-key").addEventListener("submit", (event) => event.preventDefault());

function open(link) {
  const block = link && place.querySelector(`.opblock[id$="-${link.dataset.operation}"]`);
  if (!block) return false;
  const control = block.querySelector(".opblock-summary-control");
  if (control.getAttribute("aria-expanded") !== "true") control.click();
  history.replaceState(null, "", link.hash);
  block.scrollIntoView();
  control.focus({ preventScroll: true });
  return true;
}

document.querySelector(".docs-operations").addEventListener("click", (event) => {
  if (open(event.target.closest("a[data-operation]"))) event.preventDefault();
});

// What Swagger UI leaves out, for those who listen or use a keyboard.
const MISSING = [
  [".examples-select-element", "aria-label", "Example"],
  ["textarea.body-param__text", "aria-label", "Request body"],
  ["pre.microlight", "tabindex", "0"],
];

new MutationObserver(() => {
  for (const [selector, name, value] of MISSING) {
    for (const each of place.querySelectorAll(`${selector}:not([${name}="${value}"])`)) each.setAttribute(name, value);
  }
}).observe(place, { childList: true, subtree: true });
