// Times as a person reads them, and scrolling that never pulls the page away from a reader.

import { texts } from "./texts.js";

const pad = (number) => String(number).padStart(2, "0");
const sameDay = (a, b) => a.toDateString() === b.toDateString();

export const clock = (date) => `${pad(date.getHours())}:${pad(date.getMinutes())}`;

export function dayName(date, now = new Date()) {
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  if (sameDay(date, now)) return texts.today;
  if (sameDay(date, yesterday)) return texts.yesterday;
  if (date.getFullYear() !== now.getFullYear()) return texts.dayLong(date.getFullYear(), date.getMonth() + 1, date.getDate());
  return texts.day(date.getMonth() + 1, date.getDate(), texts.weekdays[date.getDay()]);
}

/** Tell `show(time, expired)` now, and once more when the moment comes (setTimeout holds at most 24.8 days). */
export function expiry(iso, show) {
  const end = new Date(iso);
  const left = end - Date.now();
  const time = sameDay(end, new Date()) ? clock(end) : `${dayName(end)} ${clock(end)}`;
  show(time, left <= 0);
  if (left > 0 && left < 2 ** 31) setTimeout(() => show(time, true), left);
}

const NEAR_END_PX = 90;
const AIR_PX = 16;
const READING_KEYS = new Set(["PageUp", "PageDown", "Home", "End", "ArrowUp", "ArrowDown", " "]);

/**
 * Keeps the newest message in view for somebody at the end, and lets somebody reading above be.
 *
 * After the person acts, the first new message becomes the anchor: it may rise to the top edge but
 * never past it, so a card taller than the screen starts at its first line.
 */
export class Reading {
  #scroller;
  #chip;
  #anchor = null;
  #atEnd = true;
  #expecting = false;
  #calm = matchMedia("(prefers-reduced-motion: reduce)");

  constructor(scroller, chip) {
    this.#scroller = scroller;
    this.#chip = chip;
    chip.addEventListener("click", () => this.toNewest());
    scroller.addEventListener("scroll", () => this.#look(), { passive: true });
    const byHand = () => { this.#anchor = null; this.#expecting = false; };
    for (const event of ["wheel", "touchmove", "pointerdown"]) scroller.addEventListener(event, byHand, { passive: true });
    scroller.addEventListener("keydown", (event) => { if (READING_KEYS.has(event.key)) byHand(); });
    // The keyboard of a phone takes half of the screen: stay at the end if that is where one was.
    new ResizeObserver(() => { if (this.#atEnd) this.#jump(scroller.scrollHeight, false); }).observe(scroller);
  }

  /** The person spoke or pressed: what comes next is what they want to see. */
  acted() {
    this.#anchor = null;
    this.#expecting = true;
  }

  /** A message was put at the end of the log. */
  arrived(node) {
    if (this.#anchor === null && (this.#atEnd || this.#expecting)) this.#anchor = node;
    this.#expecting = false;
    if (this.#anchor) this.#jump(this.#anchor.offsetTop - AIR_PX, true);
    requestAnimationFrame(() => {
      const below = node.getBoundingClientRect().top > this.#scroller.getBoundingClientRect().bottom - AIR_PX;
      if (below && (this.#anchor === null || this.#anchorWouldHide(node))) this.#chip.hidden = false;
    });
  }

  /** Without movement: where a reopened conversation goes on. */
  startAt(node) {
    this.#jump(node ? node.offsetTop - AIR_PX : this.#scroller.scrollHeight, false);
    this.#look();
  }

  toNewest() {
    this.#anchor = null;
    this.#chip.hidden = true;
    this.#jump(this.#scroller.scrollHeight, true);
  }

  /** Change something above or in view while `fixed()` (an element) stays where it is on the screen. */
  still(fixed, change) {
    const before = fixed()?.getBoundingClientRect().top;
    change();
    const after = fixed()?.getBoundingClientRect().top;
    if (before !== undefined && after !== undefined) this.#scroller.scrollTop += after - before;
  }

  #anchorWouldHide(node) {
    return node.offsetTop - this.#anchor.offsetTop > this.#scroller.clientHeight - AIR_PX;
  }

  #look() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    if (this.#atEnd) this.#chip.hidden = true;
  }

  #jump(top, smooth) {
    this.#scroller.scrollTo({ top: Math.max(0, top), behavior: smooth && !this.#calm.matches ? "smooth" : "auto" });
  }
}
