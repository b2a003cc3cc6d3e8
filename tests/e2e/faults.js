// What would stop somebody with a screen reader, a keyboard or a small screen, as a list of sentences.
() => {
  const shown = (node) => node.getClientRects().length > 0 && getComputedStyle(node).visibility !== "hidden";
  const ids = (node, name) => (node.getAttribute(name) ?? "").split(" ").filter(Boolean);
  const named = (node) => {
    const others = ids(node, "aria-labelledby").map((id) => document.getElementById(id)?.textContent);
    const labels = [...(node.labels ?? [])].map((label) => label.textContent);
    return [node.getAttribute("aria-label"), node.textContent, node.title, ...others, ...labels].some((text) => text?.trim());
  };
  const start = (node) => node.outerHTML.slice(0, 120);
  const faults = [];
  const usable = "a[href], button, input:not([type=hidden]), textarea, select, summary, [role=button]";
  for (const node of document.querySelectorAll(usable)) if (shown(node) && !named(node)) faults.push(`no name: ${start(node)}`);
  for (const node of document.querySelectorAll("img:not([alt])")) faults.push(`no alt: ${start(node)}`);
  const all = [...document.querySelectorAll("[id]")].map((node) => node.id);
  for (const id of new Set(all.filter((id, at) => all.indexOf(id) !== at))) faults.push(`id twice: ${id}`);
  for (const name of ["aria-describedby", "aria-controls", "aria-labelledby"])
    for (const node of document.querySelectorAll(`[${name}]`))
      for (const id of ids(node, name)) if (!document.getElementById(id)) faults.push(`${name} leads nowhere: ${id}`);
  for (const node of document.querySelectorAll("[role=progressbar]:not([hidden])"))
    if (!node.getAttribute("aria-label")) faults.push("a progress bar of nothing");
  if (document.documentElement.lang !== "zh-CN") faults.push("the language is not told");
  if (!document.querySelector("main, [role=main]")) faults.push("no main part");
  if (document.querySelectorAll("h1").length !== 1) faults.push("not exactly one heading of the page");
  const wide = document.scrollingElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) faults.push(`wider than the screen by ${wide} px`);
  return faults;
}
