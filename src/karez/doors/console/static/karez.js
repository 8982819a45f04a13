// What a page does without asking the server: keys, dialogs, menus, the selection of rows.
// Everything it offers can also be reached by links and forms.
"use strict";

const $ = (id) => document.getElementById(id);
const CHORD_MS = 1200;
const RECENT = "karez-recent";
const RECENT_MOST = 8;
document.documentElement.classList.add("scripted");

// ---- Keys: `data-chord` on a link binds it; no key acts while one types, or with Ctrl, Alt or Meta.

let begun = "";
let begunAt = 0;

function isTyping(element) {
  return element.matches("input:not([type=checkbox]), textarea, select, [contenteditable]");
}

function rowBeside(step) {
  const rows = [...document.querySelectorAll("tr[data-row]")];
  const here = rows.indexOf(document.activeElement.closest("tr[data-row]"));
  const row = rows[Math.min(Math.max(here + step, 0), rows.length - 1)];
  row?.querySelector("[data-row-link]")?.focus();
}

const KEYS = {
  "/": () => $("search")?.focus(),
  "?": () => $("keys")?.showModal(),
  j: () => rowBeside(1),
  k: () => rowBeside(-1),
  x: () => document.activeElement.closest("tr[data-row]")?.querySelector("[name=pick]")?.click(),
};

function onChord(event) {
  const isLate = event.timeStamp - begunAt > CHORD_MS;
  const chord = isLate || !begun ? event.key : `${begun} ${event.key}`;
  const link = document.querySelector(`[data-chord="${CSS.escape(chord)}"]`);
  if (link) {
    begun = "";
    link.click();
  } else if (document.querySelector(`[data-chord^="${CSS.escape(event.key)} "]`)) {
    begun = event.key;
    begunAt = event.timeStamp;
  } else {
    begun = "";
    return false;
  }
  return true;
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
  } else if (event.key === "Escape") {
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  } else if (!event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target)
      && !document.querySelector("dialog[open]")) {
    if (onChord(event)) event.preventDefault();
    else if (Object.hasOwn(KEYS, event.key)) {
      event.preventDefault();
      KEYS[event.key]();
    }
  }
});

// ---- The command palette. The server says what there is; what was seen last is this browser's.

const palette = $("palette");
const paletteAsk = $("palette-ask");

function openPalette() {
  if (!palette || palette.open) return;
  paletteAsk.value = "";
  palette.showModal();
  paletteAsk.dispatchEvent(new CustomEvent("palette-open"));
}

function options() {
  return [...$("palette-list").querySelectorAll("[role=option]")];
}

function choose(option) {
  options().forEach((other) => other.setAttribute("aria-selected", String(other === option)));
  if (option) {
    paletteAsk.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  } else {
    paletteAsk.removeAttribute("aria-activedescendant");
  }
}

function seenLast() {
  try {
    return JSON.parse(localStorage.getItem(RECENT)) ?? [];
  } catch {
    return [];
  }
}

function showRecent(list) {
  const seen = seenLast();
  if (paletteAsk.value || !seen.length) return;
  const group = document.createElement("div");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", list.dataset.recentLabel);
  const head = document.createElement("p");
  head.className = "menu-head";
  head.setAttribute("aria-hidden", "true");
  head.textContent = list.dataset.recentLabel;
  group.append(head);
  seen.forEach(([title, href], place) => {
    const link = document.createElement("a");
    Object.assign(link, { href, textContent: title, id: `palette-recent-${place}`, tabIndex: -1 });
    link.setAttribute("role", "option");
    group.append(link);
  });
  list.prepend(group);
}

paletteAsk?.addEventListener("keydown", (event) => {
  const all = options();
  const here = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    choose(all[(here + step + all.length) % all.length]);
  } else if (event.key === "Enter") {
    event.preventDefault();
    all[here]?.click();
  }
});

const recentTitle = document.querySelector("[data-recent]")?.dataset.recent;
if (recentTitle) {
  const others = seenLast().filter(([, href]) => href !== location.pathname);
  const seen = [[recentTitle, location.pathname], ...others].slice(0, RECENT_MOST);
  localStorage.setItem(RECENT, JSON.stringify(seen));
}

// ---- Clicks: rows, menus, dialogs.

document.addEventListener("click", (event) => {
  const target = event.target;
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (!menu.contains(target)) menu.open = false;
  });
  if (target.closest("[data-palette]")) openPalette();
  const dialog = target.closest("dialog");
  if (dialog && (target === dialog || target.closest("[data-close]"))) {
    event.preventDefault();
    dialog.close();
  }
  const row = target.closest("tr[data-row]");
  if (row && !target.closest("a, button, input, label, .pick") && !String(getSelection())) {
    row.querySelector("[data-row-link]")?.click();
  }
});

// ---- The selection of rows for a bulk act.

function tellPicked() {
  const picked = document.querySelectorAll("input[name=pick]:checked").length;
  document.querySelectorAll("[data-picked]").forEach((output) => {
    output.value = picked;
    output.closest(".bulk").classList.toggle("is-open", picked > 0);
  });
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-pick-all]")) {
    document.querySelectorAll("input[name=pick]").forEach((box) => {
      box.checked = event.target.checked;
    });
  }
  tellPicked();
});

// ---- Answers that come into the page.

document.addEventListener("htmx:config:request", (event) => {
  const { body, method } = event.detail.ctx.request;
  if (method.toUpperCase() !== "GET" || !body) return;
  for (const [name, value] of [...body]) if (value === "") body.delete(name);
});

document.addEventListener("htmx:after:swap", () => {
  const list = $("palette-list");
  if (palette?.open) {
    showRecent(list);
    choose(options()[0]);
  }
  const ask = $("ask");
  if (ask?.closest("dialog") && ask.childElementCount && !$("dialog").open) $("dialog").showModal();
  document.querySelectorAll("[data-url]").forEach((input) => {
    input.value = location.pathname + location.search;
  });
  tellPicked();
});

// What is no part of a page takes no part's place: a way to elsewhere is gone, a failure is said.
document.addEventListener("htmx:before:response", (event) => {
  const answer = event.detail.ctx.response.raw;
  const isPage = (answer.headers.get("content-type") ?? "").startsWith("text/html");
  const isFailure = answer.status >= 500 || (answer.status >= 400 && !isPage);
  if (answer.redirected) location.assign(answer.url);
  if (answer.redirected || isFailure) event.preventDefault();
  $("unanswered").hidden = !isFailure;
});

document.addEventListener("htmx:error", () => { $("unanswered").hidden = false; });
document.querySelector("main [data-focus]")?.focus();
