import { ApiError } from "./api.js";

const PAUSES_MS = [500, 1000, 2000, 4000, 8000, 15000];
// Two replies committed at the same moment may come in either order: ask a little further back, ids sort it out.
const OVERLAP = 20;

/**
 * What arrives by itself: a WebSocket that reconnects with back-off and replays by sequence
 * number. While no socket can be had (a proxy that forbids it), each attempt falls back to one
 * plain GET, so messages still arrive.
 *
 * Hooks: `onMessage(message)`, `onTyping(bool)`, `onOnline(bool)`, `onGone()` (token unknown).
 */
export class Stream {
  #api;
  #conversation;
  #hooks;
  #seq;
  #socket = null;
  #attempt = 0;
  #timer = null;
  #closed = false;

  constructor({ api, conversation, after, hooks }) {
    this.#api = api;
    this.#conversation = conversation;
    this.#seq = after;
    this.#hooks = hooks;
  }

  open() {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    const socket = new WebSocket(this.#api.eventsUrl(this.#conversation, this.#from), ["mingshi", this.#conversation.token]);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#attempt = 0;
      this.#hooks.onOnline(true);
    });
    socket.addEventListener("message", (event) => this.#take(JSON.parse(event.data)));
    socket.addEventListener("close", () => {
      if (this.#socket === socket && !this.#closed) void this.#lost();
    });
  }

  /** The network or the page came back: do not wait for the next attempt. */
  wake() {
    if (this.#closed) return;
    if (this.#socket === null || this.#socket.readyState >= WebSocket.CLOSING) {
      this.#attempt = 0;
      this.open();
    } else {
      void this.#check();
    }
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  /** A phone that slept may hold a socket that is dead without knowing it. */
  async #check() {
    const online = await this.#fetch();
    if (!this.#closed) this.#hooks.onOnline(online);
  }

  get #from() {
    return Math.max(0, this.#seq - OVERLAP);
  }

  async #lost() {
    this.#socket = null;
    const online = await this.#fetch();
    if (this.#closed || this.#socket !== null) return;
    this.#hooks.onOnline(online);
    const pause = PAUSES_MS[Math.min(this.#attempt, PAUSES_MS.length - 1)];
    this.#attempt += 1;
    this.#timer = setTimeout(() => this.open(), pause);
  }

  async #fetch() {
    try {
      const { messages } = await this.#api.after(this.#conversation, this.#from);
      for (const message of messages) this.#take(message);
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401 && !this.#closed) this.#hooks.onGone();
      return error instanceof ApiError;
    }
  }

  #take(frame) {
    if (this.#closed) return;
    if (typeof frame.typing === "boolean") {
      this.#hooks.onTyping(frame.typing);
      return;
    }
    this.#seq = Math.max(this.#seq, frame.seq);
    this.#hooks.onMessage(frame);
  }
}
