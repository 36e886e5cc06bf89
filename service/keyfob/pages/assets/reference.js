// Swagger UI over the published spec. The key that somebody enters is kept in this page's memory alone.
"use strict";

const place = document.getElementById("reference");
const keyField = document.getElementById("key");
const night = matchMedia("(prefers-color-scheme: dark)");

function follow() {
  document.documentElement.classList.toggle("dark-mode", night.matches);
}

night.addEventListener("change", follow);
follow();

function withKey(request) {
  if (keyField.value.trim() && !request.loadSpec) request.headers["X-API-Key"] = keyField.value.trim();
  return request;
}

SwaggerUIBundle({
  url: place.dataset.spec,
  domNode: place,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  persistAuthorization: false,
  requestInterceptor: withKey,
  syntaxHighlight: { theme: "nord" },
  validatorUrl: null,
  onComplete: () => document.getElementById("loading").remove(),
});

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
