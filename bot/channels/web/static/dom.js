// Building the page without markup strings: data only ever becomes text nodes and checked attributes.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `props`: `class`, `text`, `data` (data-* by name), `on` (listeners by event name);
 * anything else becomes an attribute (true: present without value; false, null, undefined: absent).
 * Children that are null, undefined or false are left out; strings become text.
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A line icon of the page, by the path of its strokes in a 24 by 24 box. */
export function icon(path, name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const stroke = document.createElementNS(SVG, "path");
  stroke.setAttribute("d", path);
  svg.append(stroke);
  return svg;
}

export const icons = {
  tick: () => icon("M5 12.5l4.5 4.5L19.5 7", "tick"),
  cross: () => icon("M6.5 6.5l11 11M17.5 6.5l-11 11", "cross"),
  fold: () => icon("M7 10l5 5 5-5", "fold"),
  out: () => icon("M10 6H6v12h12v-4M13 5h6v6M19 5l-8 8", "out"),
  save: () => icon("M12 4.5v11M7 11l5 5 5-5M5 19.5h14", "save"),
  down: () => icon("M12 5v13M6.5 12.5 12 18l5.5-5.5", "down"),
};

/** Text with a screen reader's own words before it. */
export function spoken(text) {
  return el("span", { class: "vh", text });
}

/** An address that is safe to link to (http or https), or null. */
export function safeUrl(address) {
  if (!address) return null;
  try {
    const url = new URL(address, document.baseURI);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

/** A link that opens a new tab and tells the other side nothing about this page; null if the address is not safe. */
export function outward(address, props, ...children) {
  const href = safeUrl(address);
  if (href === null) return null;
  return el("a", { href, target: "_blank", rel: "noopener", referrerpolicy: "no-referrer", ...props }, ...children);
}
