// Examples can be copied with a click.
"use strict";

for (const caption of document.querySelectorAll(".example figcaption")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-quiet button-small";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy ${caption.nextElementSibling.getAttribute("aria-label")}`);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(caption.nextElementSibling.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  if (navigator.clipboard) caption.append(button);
}

const operations = document.querySelector(".docs-operations");
if (operations && matchMedia("(max-width: 62rem)").matches) operations.open = false;
