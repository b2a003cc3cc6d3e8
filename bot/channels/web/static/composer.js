import { expectations, texts } from "./texts.js";

/**
 * The input. Free talk gets a growing text area; one awaited answer (a phone number, a code) gets a
 * single line with the right keyboard and autofill. What is typed moves along when they change places.
 */
export class Composer {
  #form;
  #area;
  #line;
  #hint;
  #send;
  #typed;
  #expects = null;
  #composing = false;
  #pending = null;

  /** `send(text)` is called with what was written; `typed(text)` with every draft. */
  constructor({ form, area, line, hint, send, typed }) {
    this.#form = form;
    this.#area = area;
    this.#line = line;
    this.#hint = hint;
    this.#send = send;
    this.#typed = typed;
    form.addEventListener("submit", (event) => { event.preventDefault(); this.#submit(); });
    for (const field of [area, line]) {
      field.addEventListener("compositionstart", () => { this.#composing = true; });
      field.addEventListener("compositionend", () => { this.#composing = false; this.#settle(); });
      field.addEventListener("keydown", (event) => this.#key(event));
      field.addEventListener("input", () => { this.#grow(); this.#typed(this.text); });
    }
    this.#wear(null);
  }

  get text() {
    return this.#field.value;
  }

  set text(value) {
    this.#field.value = value;
    this.#grow();
    this.#typed(value);
  }

  get expects() {
    return this.#pending === null ? this.#expects : this.#pending.expects;
  }

  focus() {
    this.#field.focus({ preventScroll: true });
  }

  /** What the agent waits for now. An input method in mid-word is not interrupted: the change waits for it. */
  expect(expects) {
    this.#pending = { expects };
    if (!this.#composing) this.#settle();
  }

  get #field() {
    return this.#line.hidden ? this.#area : this.#line;
  }

  #settle() {
    if (this.#pending === null) return;
    const { expects } = this.#pending;
    this.#pending = null;
    if (expects !== this.#expects) this.#wear(expects);
  }

  #wear(expects) {
    this.#expects = expects;
    const wanted = Object.hasOwn(expectations, expects ?? "") ? expectations[expects] : null;
    const before = this.#field;
    const focused = document.activeElement === before;
    const { value } = before;
    this.#line.hidden = wanted === null;
    this.#area.hidden = wanted !== null;
    const field = this.#field;
    if (field !== before) {
      field.value = value;
      before.value = "";
    }
    field.placeholder = wanted?.placeholder ?? texts.placeholder;
    for (const name of ["inputmode", "autocomplete", "autocapitalize"]) {
      if (wanted?.[name]) field.setAttribute(name, wanted[name]);
      else field.removeAttribute(name);
    }
    field.name = wanted ? expects : "say";
    this.#hint.textContent = wanted?.hint ?? texts.hint;
    this.#grow();
    if (focused) field.focus({ preventScroll: true });
  }

  #key(event) {
    // While an input method is choosing characters, Enter belongs to it. Safari ends the composition
    // before the key event and marks it only by key code 229.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.#submit();
  }

  #submit() {
    const text = this.text.trim();
    if (!text) {
      this.focus();
      return;
    }
    this.text = "";
    this.#send(text);
  }

  #grow() {
    this.#form.classList.toggle("written", this.text.trim() !== "");
    if (this.#area.hidden || CSS.supports("field-sizing", "content")) return;
    this.#area.style.height = "auto";
    this.#area.style.height = `${this.#area.scrollHeight + 2}px`;
  }
}
