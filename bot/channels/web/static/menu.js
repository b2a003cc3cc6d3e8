import { el } from "./dom.js";
import { texts } from "./texts.js";

// The chosen look is read again by early.js on every page, so it is stored as plain words.
const looks = {
  size: { title: texts.textSize, names: texts.sizes, usual: "normal" },
  theme: { title: texts.theme, names: texts.themes, usual: "auto" },
};
const PAPER = { light: "#eff1ec", dark: "#12161a" };

function stored(name) {
  try {
    const value = localStorage.getItem(`mingshi.${name}`);
    return Object.hasOwn(looks[name].names, value ?? "") ? value : looks[name].usual;
  } catch {
    return looks[name].usual;
  }
}

function choose(name, value) {
  const usual = value === looks[name].usual;
  if (usual) delete document.documentElement.dataset[name];
  else document.documentElement.dataset[name] = value;
  try {
    if (usual) localStorage.removeItem(`mingshi.${name}`);
    else localStorage.setItem(`mingshi.${name}`, value);
  } catch {
    // Storage is blocked: the choice holds until the page is closed.
  }
  if (name === "theme") colourBrowser(value);
}

function colourBrowser(theme) {
  for (const meta of document.querySelectorAll('meta[name="theme-color"]')) {
    const own = meta.media.includes("dark") ? "dark" : "light";
    meta.content = PAPER[theme === "auto" ? own : theme];
  }
}

function choices(name) {
  const { title, names } = looks[name];
  const now = stored(name);
  return el(
    "fieldset",
    {},
    el("legend", { text: title }),
    el(
      "div",
      { class: "segments" },
      Object.entries(names).map(([value, label]) => {
        const input = el("input", { type: "radio", name, value, checked: value === now, on: { change: () => choose(name, value) } });
        return el("label", { class: `segment ${name}-${value}` }, input, el("span", { text: label }));
      }),
    ),
  );
}

/** The small menu under the header: text size, theme, and a new conversation (`restart`, asked twice). */
export function openableMenu({ button, panel, dialog, restart }) {
  const shut = (refocus) => {
    panel.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (refocus) button.focus();
  };
  panel.append(
    choices("size"),
    choices("theme"),
    el("button", { type: "button", class: "button", text: texts.restart, on: { click: () => { shut(true); dialog.showModal(); } } }),
  );
  colourBrowser(stored("theme"));
  button.addEventListener("click", () => {
    if (!panel.hidden) {
      shut(true);
      return;
    }
    panel.hidden = false;
    button.setAttribute("aria-expanded", "true");
    panel.querySelector("input:checked").focus();
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !panel.hidden) shut(true); });
  document.addEventListener("pointerdown", (event) => {
    if (!panel.hidden && !panel.contains(event.target) && !button.contains(event.target)) shut(false);
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "yes") restart();
    dialog.returnValue = "";
  });
}
