import { el } from "./dom.js";
import { texts } from "./texts.js";

/** Only in a development run: a chip that shows the newest text message that would have been sent. */
export function demoSms({ host, newest, fill }) {
  let enabled = false;
  let wanted = false;
  const out = el("span", { class: "demo-text", role: "status" });
  const use = el("button", { type: "button", class: "demo-fill", hidden: true, text: texts.demoFill });
  const chip = el("button", { type: "button", class: "demo-chip", text: texts.demo, on: { click: () => void show() } });
  host.append(chip, out, use);

  async function show() {
    use.hidden = true;
    try {
      const message = await newest();
      out.textContent = message ? message.text : texts.demoNone;
      const code = message?.text.match(/\d{4,8}/)?.[0];
      use.hidden = !code;
      use.onclick = () => fill(code);
    } catch {
      out.textContent = texts.demoFailed;
    }
  }

  function refresh() {
    host.hidden = !(enabled && wanted);
    if (host.hidden) {
      out.textContent = "";
      use.hidden = true;
    }
  }

  return {
    enable() { enabled = true; refresh(); },
    offer(yes) { wanted = yes; refresh(); },
  };
}
