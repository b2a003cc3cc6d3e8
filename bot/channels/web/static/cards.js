import { el, icons, outward, safeUrl, spoken } from "./dom.js";
import { expiry } from "./reading.js";
import { texts } from "./texts.js";

/**
 * One button of a message. `group`: the buttons of which one choice makes the others inert.
 * `press(button, group)` is the page's; what was pressed is shown by `mark` in transcript.js.
 */
export function actionButton(button, context, { group = "message", key = button.label, plain = false } = {}) {
  const style = plain ? "default" : button.style || "default";
  return el(
    "button",
    {
      type: "button",
      class: `button ${style}`,
      data: { token: button.token, group, key: `${group}/${key}` },
      on: { click: () => context.press(button, group) },
    },
    icons.tick(),
    el("span", { text: button.label }),
  );
}

const paragraph = (text, name) => (text ? el("p", { class: name, text }) : null);

/** The thick-and-thin rule on top of a card; of a numbered card the thick part is drawn as far as one has come. */
function rule(progress) {
  const bar = el("i");
  if (progress && progress.of > 0) bar.style.width = `${Math.min(100, (100 * progress.at) / progress.of)}%`;
  return el("div", { class: "rule", "aria-hidden": "true" }, bar);
}

function step(progress) {
  if (!progress) return null;
  return el(
    "p",
    { class: "step" },
    el("span", { "aria-hidden": "true", text: texts.step(progress.at, progress.of) }),
    spoken(texts.stepLong(progress.at, progress.of)),
  );
}

function frame(kind, { title, progress, number }, ...content) {
  const head = number || title || progress;
  return el(
    "article",
    { class: `card card-${kind}`, "aria-label": title || null },
    rule(progress),
    head
      ? el(
          "header",
          { class: "card-head" },
          number ? el("p", { class: "number", text: texts.clauseNumber(number) }) : null,
          title ? el("h2", { text: title }) : null,
          step(progress),
        )
      : null,
    ...content,
  );
}

function sections(list) {
  if (!list?.length) return null;
  return el(
    "dl",
    { class: "sections" },
    list.map(({ heading, body }) => el("div", {}, el("dt", { text: heading }), el("dd", { text: body }))),
  );
}

/** A remark in the margin; on a draft it is the warning that nobody has reviewed the explanation yet. */
function remark({ draft, note }) {
  const text = note || (draft ? texts.draft : null);
  return text ? el("p", { class: draft ? "draft" : "note", role: "note", text }) : null;
}

const readLink = (address, label) => {
  const link = outward(address, { class: "read" }, label, icons.out());
  return link && el("p", { class: "card-foot" }, link);
};

/** A fold. Its first unfolding is told with `token`, once; from then on it counts as seen. */
function fold(name, { token, open }, context, summary, ...content) {
  const seen = context.isOpened(token);
  const details = el("details", { class: seen ? `${name} seen` : name, open }, el("summary", {}, ...summary, icons.fold()), ...content);
  details.addEventListener("toggle", () => {
    if (!details.open || details.classList.contains("seen")) return;
    details.classList.add("seen");
    if (!open) context.opened(token);
  });
  return details;
}

/** The token that tells a clause was opened: given bare, or as a button of its own. */
const openToken = (opened) => opened?.token ?? opened ?? null;

const verbatim = (quote) => (quote ? el("blockquote", { class: "verbatim", text: quote }) : null);

function quoteFold(card, context) {
  if (!card.quote) return null;
  const summary = [el("span", { text: card.quote_label || texts.quote })];
  return fold("quote", { token: openToken(card.opened), open: Boolean(card.unfolded?.includes("quote")) }, context, summary, verbatim(card.quote));
}

const renderers = {
  platforms(card, context) {
    return frame(
      "platforms",
      card,
      el(
        "ul",
        { class: "choices" },
        card.items.map((item) => {
          const button = actionButton({ ...item.choose, label: item.name, platform: item.name }, context, { key: item.id, plain: true });
          button.classList.add("choice");
          button.append(el("small", { text: item.line }));
          return el("li", {}, button);
        }),
      ),
    );
  },

  clause(card, context) {
    return frame(
      "clause",
      card,
      paragraph(card.line, "line"),
      card.unfolded?.includes("explain") === false ? null : sections(card.sections),
      remark(card),
      quoteFold(card, context),
      readLink(card.read_url, texts.readClause),
    );
  },

  /** One printed clause after another, for whoever wants to read them all. */
  every(card) {
    return frame("every", { title: card.title, progress: card.progress }, verbatim(card.quote), readLink(card.read_url, texts.readClause));
  },

  theme(card, context) {
    const items = card.items.map((item) =>
      el(
        "li",
        {},
        fold(
          "item",
          { token: openToken(item.opened), open: item.unfolded === true },
          context,
          [el("span", { class: "item-number", text: texts.clauseNumber(item.number) }), el("span", { class: "item-line", text: item.line })],
          sections(item.sections),
          remark(item),
          item.quote ? paragraph(item.quote_label || card.quote_label || texts.quote, "verbatim-label") : null,
          verbatim(item.quote),
        ),
      ),
    );
    return frame("theme", card, el("ul", { class: "items" }, items), readLink(card.read_url, texts.readAll));
  },

  /** What a new version says otherwise: the old words beside the new ones. */
  changes(card) {
    const items = card.items.map((item) =>
      el(
        "li",
        { class: `change ${item.change}` },
        el("p", { class: "change-head" }, el("b", { text: texts.clauseNumber(item.number) }), el("span", { class: "tag", text: item.tag })),
        el("div", { class: "sides" }, changeSide(item.before, "before", "del"), changeSide(item.after, "after", "ins")),
        sections(item.sections),
        remark(item),
      ),
    );
    return frame("changes", card, el("ul", { class: "changes" }, items), readLink(card.read_url, card.read_label));
  },

  answer(card) {
    const quotes = card.quotes.map((quote) =>
      el(
        "figure",
        {},
        el("figcaption", { class: "number", text: texts.clauseNumber(quote.number) }),
        verbatim(quote.quote),
        readLink(quote.read_url, texts.readClause),
      ),
    );
    return frame("answer", {}, quotes, remark(card));
  },

  consents(card, context) {
    const done = card.items.filter((item) => item.decision).length;
    const items = card.items.map((item) => consentItem(item, context));
    const missing = card.missing?.length
      ? el(
          "div",
          { class: "missing" },
          paragraph(texts.missing, null),
          el("ul", {}, card.missing.map(({ title, line }) => el("li", {}, el("b", { text: title }), line ? el("span", { text: line }) : null))),
        )
      : null;
    return frame(
      "consents",
      { title: card.title },
      paragraph(texts.decided(done, card.items.length), "count"),
      el("ol", { class: "consents" }, items),
      missing,
    );
  },

  summary(card) {
    return frame(
      "summary",
      card,
      rows(card.rows),
      card.lines?.length ? el("ul", { class: "lines" }, card.lines.map((text) => el("li", { text }))) : null,
    );
  },

  link(card) {
    const button = outward(card.url, { class: "button primary" }, el("span", { text: card.label || texts.newPage }), icons.out(), spoken(texts.newPage));
    const until = el("p", { class: "until" });
    const body = frame("link", card, paragraph(card.body, "lead"), button, until, card.form ? el("p", { class: "after", text: texts.linkAfter }) : null);
    expiry(card.expires_at, (time, expired) => {
      const open = card.form ? texts.linkOpenBefore : texts.linkLookBefore;
      until.textContent = expired ? texts.linkExpired : open(time);
      body.classList.toggle("expired", expired);
      if (expired) button?.removeAttribute("href");
    });
    return body;
  },

  receipt(card) {
    const open = outward(card.url, { class: "button primary" }, el("span", { text: card.label }), icons.out(), spoken(texts.newPage));
    const file = safeUrl(card.json_url);
    const save = file && el("a", { class: "button", href: file, download: "" }, icons.save(), el("span", { text: card.json_label }));
    return frame(
      "receipt",
      card,
      el("p", { class: "stamp", "aria-hidden": "true", text: texts.receiptSeal }),
      rows(card.rows),
      el("p", { class: "row-buttons" }, open, save),
    );
  },

  progress(card) {
    return frame("progress", { title: card.label, progress: card });
  },
};

/** One side of a change. What differs is marked; where all of it does, the side itself says so. */
function changeSide(side, name, mark) {
  if (!side) return null;
  const signs = Array.from(side.text); // offsets count signs, also those beyond U+FFFF
  const text = (from, to) => signs.slice(from, to).join("");
  const parts = [];
  let at = 0;
  for (const [start, end] of side.marks) {
    if (start > at) parts.push(text(at, start));
    if (end > start) parts.push(el(mark, { text: text(start, end) }));
    at = end;
  }
  parts.push(text(at));
  return el("div", { class: `side ${name}` }, el("p", { class: "side-label", text: side.label }), el("p", { class: "verbatim" }, ...parts));
}

function consentItem(item, context) {
  const group = `consent:${item.id}`;
  const state = { given: texts.given, refused: texts.refused }[item.decision] ?? texts.undecided;
  const choice = (button, decision) => {
    if (!button) return null;
    const node = actionButton(button, context, { group, key: decision, plain: true });
    const chosen = item.decision === decision;
    node.classList.toggle("chosen", chosen);
    node.setAttribute("aria-pressed", String(chosen));
    return node;
  };
  const clauses = [item.clauses ?? []].flat().filter(Boolean).join("、");
  return el(
    "li",
    { class: item.decision ? `consent ${item.decision}` : "consent", role: "group", "aria-label": item.title, data: { group } },
    el(
      "div",
      { class: "consent-head" },
      el("h3", { text: item.title }),
      item.tag ? el("span", { class: item.tag === texts.required ? "tag needed" : "tag", text: item.tag }) : null,
    ),
    paragraph(item.body, "consent-body"),
    clauses ? el("p", { class: "consent-clauses" }, el("span", { text: texts.basis }), texts.clauseNumber(clauses)) : null,
    el(
      "div",
      { class: "consent-row" },
      choice(item.yes, "given"),
      choice(item.no, "refused"),
      el("p", { class: "consent-state", text: state }),
    ),
  );
}

function rows(list) {
  return el("dl", { class: "rows" }, (list ?? []).map(({ label, value }) => el("div", {}, el("dt", { text: label }), el("dd", { text: value }))));
}

/** The element of a card, or null for a kind this page does not know (its text is shown all the same). */
export function renderCard(card, context) {
  return Object.hasOwn(renderers, card.kind) ? renderers[card.kind](card, context) : null;
}
