// What scripts add: everything works without. Nothing is kept in the browser.
"use strict";

document.documentElement.classList.add("js");

// --- times: in the reader's own zone ---------------------------------------------------------

const IN_FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const WITH_ZONE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

function localise(root) {
  for (const time of root.querySelectorAll("time[data-moment]")) {
    time.title = time.textContent;
    time.textContent = IN_FULL.format(new Date(time.dateTime));
    delete time.dataset.moment;
  }
  for (const time of root.querySelectorAll("time[data-ago]")) {
    time.title = WITH_ZONE.format(new Date(time.dateTime));
  }
}

// Tables that become cards in narrow windows remain tables to those who listen.
const ROLES = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell" };

function remainTables(root) {
  for (const table of root.querySelectorAll("table.keys, table.stacked")) {
    for (const part of [table, ...table.querySelectorAll("thead, tbody, tr, td, th")]) {
      part.setAttribute("role", ROLES[part.tagName] ?? (part.scope === "row" ? "rowheader" : "columnheader"));
    }
  }
}

function sayLocally(input) {
  const hint = input.parentElement.querySelector("[data-utc-hint]");
  const moment = new Date(`${input.value}:00Z`);
  hint.textContent = !input.value || isNaN(moment) ? "" : `That is ${WITH_ZONE.format(moment)} where you are.`;
}

// --- menus -----------------------------------------------------------------------------------

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
}

document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches("details.menu")) return;
  menu.classList.remove("menu-up");
  const { top, bottom, height } = menu.lastElementChild.getBoundingClientRect();
  menu.classList.toggle("menu-up", menu.open && bottom > innerHeight && top > height + 60);
}, true);
document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest("details.menu[open]");
  if (!menu) return;
  const items = [...menu.querySelectorAll("a.menu-item, button.menu-item")];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape") {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (step) {
    event.preventDefault();
    const next = items.indexOf(document.activeElement) + step;
    items[(next + items.length) % items.length].focus();
  }
});

// --- the dialog: the same form as on the page of an action -------------------------------------

const dialog = document.getElementById("dialog");

document.addEventListener("htmx:afterSwap", (event) => {
  localise(document);
  remainTables(document);
  if (event.detail.target !== dialog) return;
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus(); // to which the focus returns at the end
  }
  dialog.showModal();
});

// A new tab or window is the browser's matter, and so is what the server refuses.
document.addEventListener("click", (event) => {
  const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
  if (elsewhere && event.target.closest("a[hx-get]")) event.stopImmediatePropagation();
}, true);
for (const trouble of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(trouble, (event) => {
    location.assign(event.detail.pathInfo.finalRequestPath);
  });
}

dialog?.addEventListener("click", (event) => {
  const closes = event.target === dialog || event.target.closest("[data-close]");
  if (!closes) return;
  event.preventDefault();
  dialog.close();
});
dialog?.addEventListener("close", () => dialog.replaceChildren());

// --- forms are sent once -------------------------------------------------------------------------

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!("once" in form.dataset)) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "true";
  form.querySelector("[type=submit]").setAttribute("aria-disabled", "true");
});

addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelector("[type=submit]").removeAttribute("aria-disabled");
  }
});

// --- a value: copied, or asked for before it is gone ----------------------------------------------

const valuePage = document.querySelector("[data-value-page]");

if (valuePage) {
  const value = document.getElementById("value");
  let stored = false;
  // From now on, reload and "back" lead to the key, and not to the form that made the value.
  history.replaceState(null, "", valuePage.dataset.valuePage);
  addEventListener("beforeunload", (event) => {
    if (!stored) event.preventDefault();
  });
  addEventListener("pagehide", () => valuePage.querySelectorAll("code").forEach((each) => each.replaceChildren()));
  valuePage.querySelector("[data-leave]").addEventListener("click", () => { stored = true; });
  valuePage.addEventListener("copy", () => { stored = true; });
  valuePage.querySelector("[data-copy]").addEventListener("click", async (event) => {
    const label = event.currentTarget.querySelector("[data-copy-label]");
    const done = await copied(value);
    stored ||= done;
    label.textContent = done ? "Copied" : "Copy";
    valuePage.querySelector("[data-copy-status]").textContent = done
      ? "Copied."
      : "The browser did not allow it. Select the value and copy it yourself.";
  });
}

async function copied(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch { // without TLS there is no clipboard to write to, but a selection can be copied
    getSelection().selectAllChildren(element);
    return document.execCommand("copy");
  }
}

// --- charts: one stop for the keyboard, arrows inside ------------------------------------------------

for (const chart of document.querySelectorAll(".chart")) {
  const bars = [...chart.querySelectorAll(".chart-bar")];
  bars.forEach((bar, place) => bar.setAttribute("tabindex", place === bars.length - 1 ? 0 : -1));
  chart.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -bars.length, End: bars.length }[event.key];
    if (!step) return;
    event.preventDefault();
    const place = bars.indexOf(document.activeElement) + step;
    const next = bars[Math.max(0, Math.min(bars.length - 1, place))];
    bars.forEach((bar) => bar.setAttribute("tabindex", bar === next ? 0 : -1));
    next.focus();
  });
}

localise(document);
remainTables(document);

// Who listens to a page hears first what became of the last one: what is wrong, or what was done.
const news = document.querySelector("main [aria-invalid='true']") ?? document.querySelector("main .notice[tabindex]");
news?.focus();

for (const input of document.querySelectorAll("input[data-utc]")) {
  input.addEventListener("input", () => sayLocally(input));
  sayLocally(input);
}
