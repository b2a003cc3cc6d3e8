// What the browser keeps. The conversation's key survives closing the page (localStorage);
// what the person wrote and has not sent yet stays in this tab only (sessionStorage).

class Shelf {
  #area;

  constructor(name) {
    try {
      this.#area = window[name];
      this.#area.getItem("mingshi");
    } catch {
      this.#area = null; // blocked by the browser: the page works, it only forgets
    }
  }

  get(key, otherwise = null) {
    try {
      return JSON.parse(this.#area.getItem(`mingshi.${key}`)) ?? otherwise;
    } catch {
      return otherwise;
    }
  }

  set(key, value) {
    try {
      if (value === null) this.#area.removeItem(`mingshi.${key}`);
      else this.#area.setItem(`mingshi.${key}`, JSON.stringify(value));
    } catch {
      // full or blocked: see above
    }
  }
}

const kept = new Shelf("localStorage");
const tab = new Shelf("sessionStorage");

/** One remembered conversation for each entrance: the plain page, and each platform's own link. */
export const remembered = {
  load: (entrance) => kept.get(`conversation.${entrance}`),
  save: (entrance, conversation) => kept.set(`conversation.${entrance}`, conversation),
  forget: (entrance) => {
    const conversation = kept.get(`conversation.${entrance}`);
    if (conversation) kept.set(`marks.${conversation.id}`, null);
    kept.set(`conversation.${entrance}`, null);
  },
};

/** Which button of which message was pressed, and which clauses were opened, so that a reload shows it. */
export const marks = {
  load: (id) => kept.get(`marks.${id}`, {}),
  save: (id, pressed) => kept.set(`marks.${id}`, pressed),
};

export const unsent = {
  draft: (id) => tab.get(`draft.${id}`, ""),
  saveDraft: (id, text) => tab.set(`draft.${id}`, text || null),
  queue: (id) => tab.get(`queue.${id}`, []),
  saveQueue: (id, items) => tab.set(`queue.${id}`, items.length ? items : null),
};
