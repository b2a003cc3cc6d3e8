import { actionButton, renderCard } from "./cards.js";
import { el, spoken } from "./dom.js";
import { clock, dayName } from "./reading.js";
import { texts } from "./texts.js";

const LABEL_AGAIN_MS = 5 * 60_000;
const speakers = { bot: texts.machine, human: texts.human, user: texts.me };

/**
 * The list of messages: in order of `seq`, each id once, replacements in place.
 *
 * The person's own line shows at once and gets its id when the server's copy comes (`adopt`);
 * the server's wording wins, because it is the one in which a secret has been struck out.
 */
export class Transcript {
  #log;
  #reading;
  #actions;
  #nodes = new Map(); // message id -> its element; a replaced id leads to the replacement
  #own = []; // lines of this page that the server has not confirmed yet, oldest first
  #marks;
  #last = 0;

  constructor({ log, reading, actions, marks }) {
    this.#log = log;
    this.#reading = reading;
    this.#actions = actions;
    this.#marks = marks;
  }

  get newest() {
    return this.#last;
  }

  has(id) {
    return this.#nodes.has(id);
  }

  clear() {
    this.#log.replaceChildren();
    this.#nodes.clear();
    this.#own = [];
    this.#last = 0;
  }

  /** Show a message of the server. Returns false if it was there already. `live`: scroll and announce. */
  put(message, live) {
    if (this.#nodes.has(message.id)) return false;
    const old = message.replaces ? this.#nodes.get(message.replaces) : null;
    if (old) {
      this.#swap(old, message);
      return true;
    }
    this.#last = Math.max(this.#last, message.seq);
    if (message.from === "user" && this.#adopt(message)) return true;
    const node = this.#render(message);
    this.#nodes.set(message.id, node);
    this.#insert(node, message.seq);
    if (live) this.#reading.arrived(node);
    return true;
  }

  /** The person's line, before the server has it. */
  putOwn(item) {
    const node = this.#render({ from: "user", at: new Date().toISOString(), text: item.body.text, buttons: [] });
    node.dataset.key = item.key;
    this.#own.push(node);
    this.#insert(node, Number.POSITIVE_INFINITY);
    this.#reading.arrived(node);
    this.state(item, null);
  }

  /** How far the person's line has come; `retry` is offered while it is stuck. */
  state(item, error) {
    const node = this.#log.querySelector(`[data-key="${CSS.escape(item.key)}"]`);
    if (!node) return;
    node.dataset.state = item.state;
    const line = node.querySelector(".state");
    const busy = error?.retryAfter ? texts.busy(error.retryAfter) : null;
    const word = { sending: "", waiting: busy ?? texts.waiting, failed: busy ?? texts.failed, refused: texts.failed }[item.state] ?? "";
    line.replaceChildren(word);
    if (item.state === "failed") {
      line.append(el("button", { type: "button", class: "retry", text: texts.retry, on: { click: this.#actions.retry } }));
    }
  }

  /**
   * The server took the line; its replies come after it, so it stands before them from now on. When
   * the server's copy stands there already (sent before a reload, confirmed after it), that one stays.
   */
  settle(item, replies) {
    const node = this.#log.querySelector(`[data-key="${CSS.escape(item.key)}"]`);
    if (!node || node.dataset.id) return;
    const first = Math.min(...replies.filter((message) => !message.replaces).map((message) => message.seq), this.#last + 1);
    const before = [...this.#log.children].findLast((other) => other !== node && Number(other.dataset.seq) < first);
    if (replies.length && before?.dataset.from === "user" && !before.dataset.key) {
      this.#own = this.#own.filter((own) => own !== node);
      node.remove();
      this.#relabel();
      return;
    }
    this.#insert(node, first - 0.5);
  }

  /** A sentence of the page itself (an error of the server, say), where the talk stands. */
  notice(text, again = null) {
    const node = el("li", { class: "notice", role: "alert" }, el("p", { text }));
    if (again) node.append(el("button", { type: "button", class: "button", text: texts.retry, on: { click: () => { node.remove(); again(); } } }));
    this.#insert(node, this.#last + 0.75);
    this.#reading.arrived(node);
  }

  /** Show the pressed button as chosen and make its neighbours inert. */
  mark(id, token) {
    const node = this.#nodes.get(id);
    const pressed = node?.querySelector(`[data-token="${CSS.escape(token)}"]`);
    if (!pressed) return;
    for (const button of this.#groupOf(node, pressed.dataset.group)) {
      const chosen = button === pressed;
      button.classList.toggle("chosen", chosen);
      button.setAttribute("aria-pressed", String(chosen));
      // The chosen one keeps the focus until it moves on by itself: nobody is thrown back to the top.
      if (chosen && button === document.activeElement) this.#inertAfterBlur(button);
      else button.disabled = true;
      button.classList.add("inert");
    }
  }

  /** The press came to nothing (or its panel lives on): the buttons can be pressed again. */
  release(id, group) {
    const node = this.#nodes.get(id);
    if (!node) return;
    for (const button of this.#groupOf(node, group)) {
      button.disabled = false;
      button.classList.remove("inert", "chosen");
      button.setAttribute("aria-pressed", "false");
    }
  }

  #groupOf(node, group) {
    return node.querySelectorAll(`button[data-group="${CSS.escape(group)}"]`);
  }

  #inertAfterBlur(button) {
    button.addEventListener("blur", () => { button.disabled = button.classList.contains("inert"); }, { once: true });
  }

  #adopt(message) {
    const same = this.#own.find((node) => node.querySelector(".text").textContent === message.text);
    const node = same ?? this.#own.find((own) => own.dataset.state !== "failed" && own.dataset.state !== "refused");
    if (!node) return false;
    this.#own = this.#own.filter((own) => own !== node);
    node.querySelector(".text").textContent = message.text;
    node.dataset.id = message.id;
    this.#nodes.set(message.id, node);
    this.#insert(node, message.seq);
    return true;
  }

  #swap(old, message) {
    const focused = old.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const open = [...old.querySelectorAll("details")].map((details) => details.open);
    const node = this.#render({ ...message, at: old.dataset.at });
    node.dataset.seq = old.dataset.seq;
    node.setAttribute("aria-live", "off"); // the focus tells what changed; the whole panel need not be read out again
    for (const [id, shown] of this.#nodes) if (shown === old) this.#nodes.set(id, node);
    this.#nodes.set(message.id, node);
    // The button that was pressed holds its place, if it is there afterwards too; otherwise the message does.
    const key = focused ? `[data-key="${CSS.escape(focused)}"]` : null;
    const stays = key !== null && old.querySelector(key) !== null && node.querySelector(key) !== null;
    const twin = (root) => (stays ? root.querySelector(key) : root);
    this.#reading.still(() => (old.isConnected ? twin(old) : twin(node)), () => {
      old.replaceWith(node);
      node.querySelectorAll("details").forEach((details, index) => { details.open = details.open || (open[index] ?? false); });
    });
    if (focused) this.#focusNear(node, focused);
    this.#relabel();
  }

  #focusNear(node, key) {
    const twin = node.querySelector(`[data-key="${CSS.escape(key)}"]:not(:disabled)`);
    (twin ?? node).focus({ preventScroll: true });
  }

  #insert(node, seq) {
    node.dataset.seq = String(seq);
    const after = [...this.#log.children].reverse().find((other) => other !== node && Number(other.dataset.seq) <= seq);
    const place = after ? after.nextSibling : this.#log.firstChild;
    if (place !== node) this.#log.insertBefore(node, place);
    this.#relabel();
  }

  #render(message) {
    const at = new Date(message.at);
    const context = {
      press: (button, group) => this.#actions.press(message.id, button, group),
      opened: (token) => token && this.#actions.opened(token),
      isOpened: (token) => Boolean(token && this.#marks.opened(token)),
    };
    const mine = message.from === "user";
    const card = message.card ? renderCard(message.card, context) : null;
    const node = el(
      "li",
      { class: `turn ${message.from}${message.text ? "" : " no-lead"}`, tabindex: "-1", data: { from: message.from, at: message.at } },
      el("p", { class: "who" }, el("span", { text: speakers[message.from] }), " ", el("time", { datetime: message.at, text: clock(at), title: at.toLocaleString("zh-CN") })),
      el(
        "div",
        { class: "body" },
        mine ? spoken(`${texts.me}：`) : null,
        message.text ? el("p", { class: "text", text: message.text }) : null,
        card,
        message.buttons?.length ? el("div", { class: "actions" }, message.buttons.map((button) => actionButton(button, context))) : null,
        mine ? el("p", { class: "state", role: "status" }) : null,
      ),
    );
    if (message.id) node.dataset.id = message.id;
    this.#restore(node, message);
    return node;
  }

  #restore(node, message) {
    const token = message.chosen ?? this.#marks.pressed(message.id);
    if (!token || !node.querySelector(`[data-token="${CSS.escape(token)}"]`)) return;
    this.#nodes.set(message.id, node);
    this.mark(message.id, token);
  }

  /** Names and times where the speaker changes or time has passed; a heading where the day changes. */
  #relabel() {
    let from = null;
    let shown = 0;
    let day = null;
    const turns = [...this.#log.querySelectorAll(".turn")];
    const newest = turns.findLast((turn) => turn.dataset.from !== "user" && turn.querySelector(".actions, .card button"));
    for (const turn of turns) {
      const at = new Date(turn.dataset.at);
      const again = turn.dataset.from !== from || at - shown > LABEL_AGAIN_MS;
      turn.classList.toggle("named", again);
      turn.classList.toggle("past", turn !== newest);
      if (again) shown = at;
      from = turn.dataset.from;
      const today = at.toDateString();
      if (today === day) delete turn.dataset.day;
      else turn.dataset.day = day === null && today === new Date().toDateString() ? "" : dayName(at);
      day = today;
    }
  }
}
