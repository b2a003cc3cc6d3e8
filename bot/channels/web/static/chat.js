// The chat page: one conversation, kept alive. Draws through transcript.js, talks through api.js,
// outbox.js (what the person says) and stream.js (what arrives).

import { api, ApiError } from "./api.js";
import { Composer } from "./composer.js";
import { demoSms } from "./demo.js";
import { openableMenu } from "./menu.js";
import { Outbox } from "./outbox.js";
import { Reading } from "./reading.js";
import { marks, remembered, unsent } from "./storage.js";
import { Stream } from "./stream.js";
import { texts } from "./texts.js";
import { icons } from "./dom.js";
import { Transcript } from "./transcript.js";

const TYPING_AFTER_MS = 350;
const TYPING_AT_MOST_MS = 30_000;
const BANNER_AFTER_MS = 1500;

const $ = (id) => document.getElementById(id);
const address = new URL(location.href);
const entrance = address.searchParams.get("p") ?? "";

let conversation = null; // {id, token, platform (its name, once known)}
let pressed = {}; // message id -> token of the button pressed there; token -> true for an opened clause
let outbox = null;
let stream = null;
let lastPhone = "";
let unread = 0;

for (const node of document.querySelectorAll("[data-text]")) node.textContent = texts[node.dataset.text];
$("newer").append(icons.down(), texts.newer);

const reading = new Reading($("scroller"), $("newer"));
const transcript = new Transcript({
  log: $("log"),
  reading,
  actions: { press, opened, retry: () => outbox.wake() },
  marks: { pressed: (id) => pressed[id], opened: (token) => pressed[token] === true },
});
const composer = new Composer({
  form: $("composer"),
  area: $("say"),
  line: $("say-line"),
  hint: $("hint"),
  send: say,
  typed: (text) => conversation && unsent.saveDraft(conversation.id, text),
});
const demo = demoSms({ host: $("demo"), newest: () => api.newestSms(lastPhone), fill: (code) => { composer.text = code; composer.focus(); } });
openableMenu({ button: $("menu-button"), panel: $("menu"), dialog: $("confirm"), restart: () => void startOver() });

// ---- what the person does

function say(text) {
  if (!conversation) {
    composer.text = text; // not connected yet: the words stay where they are
    return;
  }
  if (composer.expects === "phone") lastPhone = text.normalize("NFKC").replace(/[^\d+]/g, "");
  reading.acted();
  transcript.putOwn(outbox.add({ text }, { kind: "text" }));
  typing.expect();
}

function press(messageId, button, group) {
  reading.acted();
  transcript.mark(messageId, button.token);
  if (button.platform) nameHeader(button.platform);
  outbox.add({ button: button.token }, { kind: "button", messageId, group, label: button.label });
  typing.expect();
}

function opened(token) {
  remember(token, true);
  outbox.add({ button: token }, { kind: "opened" });
}

function remember(key, value) {
  pressed[key] = value;
  marks.save(conversation.id, pressed);
}

// ---- what arrives

function receive(message, live = true) {
  const isNew = transcript.put(message, live);
  if (!isNew) return;
  if (message.from !== "user") {
    typing.stop();
    if (message.seq >= transcript.newest) expect(message.expects ?? null);
    if (live && document.hidden) showUnread(unread + 1);
  }
  const progress = message.card?.kind === "progress" ? message.card : message.card?.progress;
  if (progress) showFlow(progress);
  else if (message.expects || message.card?.kind === "receipt") $("flow").hidden = true; // another stretch of the way
}

function expect(expects) {
  composer.expect(expects);
  demo.offer(expects === "sms_code");
  const idle = document.activeElement === document.body || document.activeElement?.classList.contains("chosen");
  if (expects && idle && matchMedia("(hover: hover) and (pointer: fine)").matches) composer.focus();
}

function showFlow({ at, of }) {
  const bar = $("flow");
  bar.hidden = of <= 0;
  bar.setAttribute("aria-valuemax", of);
  bar.setAttribute("aria-valuenow", at);
  bar.setAttribute("aria-label", texts.stepLong(at, of));
  bar.firstElementChild.style.width = `${Math.min(100, (100 * at) / of)}%`;
}

function showUnread(count) {
  unread = count;
  document.title = (count ? texts.unread(count) : "") + texts.pageTitle(conversation?.platform);
}

const typing = {
  timer: null,
  expect() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.show(), TYPING_AFTER_MS);
  },
  show() {
    clearTimeout(this.timer);
    $("typing").classList.add("on");
    $("typing-text").textContent = texts.typing;
    this.timer = setTimeout(() => this.stop(), TYPING_AT_MOST_MS);
  },
  stop() {
    clearTimeout(this.timer);
    $("typing").classList.remove("on");
    $("typing-text").textContent = "";
  },
};

const banner = {
  timer: null,
  online(online) {
    clearTimeout(this.timer);
    if (online) $("banner").hidden = true;
    else this.timer = setTimeout(() => { $("banner").textContent = texts.offline; $("banner").hidden = false; }, BANNER_AFTER_MS);
  },
};

// ---- the conversation's life

const hooks = {
  onChange(item, error) {
    transcript.state(item, error);
    if (item.state === "waiting" || item.state === "failed") {
      typing.stop();
      banner.online(error instanceof ApiError);
    }
  },
  onSent(item, messages) {
    banner.online(true);
    typing.stop();
    if (item.about.kind === "text") transcript.settle(item, messages);
    if (item.about.kind === "button") {
      if (item.about.group === "message") remember(item.about.messageId, item.body.button);
      const replaced = messages.some((message) => message.replaces);
      if (item.about.group !== "message" && !replaced) transcript.release(item.about.messageId, item.about.group);
    }
    for (const message of messages) receive(message);
  },
  onRefused(item, error) {
    typing.stop();
    if (error.status === 401) {
      void gone(item);
      return;
    }
    if (item.about.kind === "opened") return; // only a note for the record; the person need not hear of it
    if (item.about.kind === "button") transcript.release(item.about.messageId, item.about.group);
    if (item.about.kind === "text") {
      transcript.settle(item, []);
      if (!composer.text) composer.text = item.body.text;
    }
    transcript.notice(error.detail || texts.serverTrouble);
  },
};

async function begin() {
  const resume = address.searchParams.get("resume");
  if (resume) {
    // The code takes up a flow once: it must not stay in the address bar or in the history.
    address.searchParams.delete("resume");
    history.replaceState(null, "", address);
  }
  const known = resume ? null : remembered.load(entrance);
  try {
    if (known && (await reopen(known))) return;
    await startNew(resume);
  } catch (error) {
    transcript.notice((error instanceof ApiError && error.detail) || texts.cannotStart, () => void begin());
  }
}

async function reopen(known) {
  try {
    const { messages } = await api.after(known, 0);
    connect(known, messages, false);
    return true;
  } catch (error) {
    if (!(error instanceof ApiError) || error.transient) throw error;
    remembered.forget(entrance);
    return false;
  }
}

async function startNew(resume) {
  const { id, token, messages } = await api.start({ platform: entrance, resume });
  connect({ id, token, platform: null }, messages, true);
}

function connect(next, messages, fresh) {
  conversation = next;
  pressed = marks.load(conversation.id);
  remembered.save(entrance, conversation);
  outbox = new Outbox({
    send: (body, key) => api.send(next, body, key),
    save: (items) => unsent.saveQueue(next.id, items),
    items: unsent.queue(next.id),
    hooks,
  });
  for (const message of messages) receive(message, false);
  for (const item of outbox.items) {
    if (item.about.kind === "text") transcript.putOwn(item);
    if (item.about.kind === "button") transcript.mark(item.about.messageId, item.body.button);
  }
  if (!composer.text) composer.text = unsent.draft(next.id);
  reading.startAt(fresh ? $("log").firstElementChild : lastSpoken());
  $("live").setAttribute("aria-live", "polite");
  stream = new Stream({
    api,
    conversation: next,
    after: transcript.newest,
    hooks: { onMessage: receive, onTyping: (on) => (on ? typing.show() : typing.stop()), onOnline, onGone: () => void gone() },
  });
  stream.open();
  outbox.wake();
  void namePlatform();
}

function onOnline(online) {
  banner.online(online);
  if (online) outbox.wake();
}

/** The first message after the person's last line or choice: where a reopened talk is read on. */
function lastSpoken() {
  const turns = [...document.querySelectorAll("#log .turn")];
  const own = turns.findLastIndex((turn) => turn.dataset.from === "user" || turn.querySelector("button.chosen"));
  return turns[own + 1] ?? turns.at(-1);
}

function leave() {
  stream?.close();
  outbox?.close();
  remembered.forget(entrance);
  conversation = null;
  $("live").setAttribute("aria-live", "off");
  transcript.clear();
  typing.stop();
  $("flow").hidden = true;
  $("platform").textContent = "";
  expect(null);
}

async function startOver() {
  leave();
  composer.text = "";
  await begin();
  composer.focus();
}

let leaving = false;

/** The server no longer knows this conversation: begin another one, and lose nothing that was being written. */
async function gone(item = null) {
  if (leaving) return;
  leaving = true;
  const text = [...(outbox?.items ?? []), item].find((waiting) => waiting?.body.text)?.body.text ?? composer.text;
  leave();
  await begin();
  composer.text = text;
  if (conversation) transcript.notice(texts.startedOver);
  leaving = false;
}

function nameHeader(name) {
  conversation.platform = name;
  remembered.save(entrance, conversation);
  $("platform").textContent = name;
  showUnread(unread);
}

/** The link to this page may name a platform by id; people read its name. */
async function namePlatform() {
  if (conversation.platform) nameHeader(conversation.platform);
  if (!entrance || conversation.platform) return;
  try {
    const { platforms } = await api.platforms();
    const found = platforms.find((platform) => platform.id === entrance);
    if (found && conversation) nameHeader(found.name);
  } catch {
    // Only the name in the header is missing.
  }
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  showUnread(0);
  stream?.wake();
});
addEventListener("online", () => stream?.wake());
addEventListener("offline", () => banner.online(false));

// iOS does not shrink the page for its keyboard: follow the part of it that can be seen.
visualViewport?.addEventListener("resize", () => {
  document.documentElement.style.setProperty("--seen", `${visualViewport.height}px`);
  scrollTo(0, 0);
});

void api.isDev().then((dev) => { if (dev) demo.enable(); });
await begin();
