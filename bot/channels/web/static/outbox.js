import { ApiError, NetworkError } from "./api.js";

const PAUSES_MS = [1000, 2000, 4000, 8000, 15000];

function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID needs HTTPS; a LAN trial has none
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * What the person says and presses, sent strictly one after another.
 *
 * Every item keeps its idempotency key through all attempts and through a reload of the page, so
 * that the server does it once however often it is sent. Hooks: `onChange(item)` when an item's
 * state changes (sending, waiting, failed, sent, refused), `onSent(item, messages)`,
 * `onRefused(item, error)` for an answer that will not get better by repeating.
 */
export class Outbox {
  #send;
  #save;
  #hooks;
  #items;
  #running = false;
  #attempt = 0;
  #timer = null;
  #closed = false;

  constructor({ send, save, items, hooks }) {
    this.#send = send;
    this.#save = save;
    this.#items = items;
    this.#hooks = hooks;
  }

  get items() {
    return [...this.#items];
  }

  add(body, about = {}) {
    const item = { key: newKey(), body, about, state: "sending" };
    this.#items.push(item);
    this.#save(this.#items);
    void this.#drain();
    return item;
  }

  /** Try now: the network is back, or the person asked. */
  wake() {
    clearTimeout(this.#timer);
    this.#attempt = 0;
    void this.#drain();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #drain() {
    if (this.#running) return;
    this.#running = true;
    clearTimeout(this.#timer);
    while (this.#items.length && !this.#closed) {
      const item = this.#items[0];
      this.#become(item, "sending");
      try {
        const { messages } = await this.#send(item.body, item.key);
        if (this.#closed) break;
        this.#drop(item, "sent");
        this.#hooks.onSent(item, messages);
      } catch (error) {
        if (this.#closed) break;
        if (this.#mayRetry(error)) {
          this.#later(item, error);
          break;
        }
        this.#drop(item, "refused");
        this.#hooks.onRefused(item, error);
      }
    }
    this.#running = false;
  }

  #mayRetry(error) {
    return error instanceof NetworkError || (error instanceof ApiError && error.transient);
  }

  #later(item, error) {
    const own = PAUSES_MS[Math.min(this.#attempt, PAUSES_MS.length - 1)];
    const asked = error instanceof ApiError && error.retryAfter !== null ? error.retryAfter * 1000 : null;
    this.#attempt += 1;
    this.#become(item, this.#attempt === 1 ? "waiting" : "failed", error);
    // A server that answers with the same error again and again is not helped by more: the person may retry.
    if (error instanceof ApiError && error.status >= 500 && this.#attempt > PAUSES_MS.length) return;
    this.#timer = setTimeout(() => void this.#drain(), asked ?? own);
  }

  #drop(item, state) {
    this.#attempt = 0;
    this.#items = this.#items.filter((other) => other !== item);
    this.#save(this.#items);
    this.#become(item, state);
  }

  #become(item, state, error = null) {
    item.state = state;
    this.#hooks.onChange(item, error);
  }
}
