/**
 * @file The part of the page's script with tools: a click on a legend entry hides its series, a click on a column's
 * head sorts by it, and figures can be enlarged. Plain JavaScript as text.
 */
export const toolScript = String.raw`
function paintOf(element) { return element.getAttribute("stroke") ?? element.getAttribute("fill"); }
function entryPaint(entry) {
  for (const element of entry.querySelectorAll("path,circle,rect")) { const paint = paintOf(element); if (paint && paint.startsWith("var(") && paint !== "none") return paint; }
}
function toggleSeries(entry) {
  const paint = entryPaint(entry), block = entry.closest(".block, [data-name]");
  if (!paint) return;
  const off = entry.classList.toggle("off");
  entry.setAttribute("aria-pressed", String(!off));
  for (const one of block.querySelectorAll(".legend > svg")) if (entryPaint(one) === paint) one.classList.toggle("off", off);
  for (const svg of block.querySelectorAll(".panels svg")) {
    for (const element of svg.querySelectorAll("[stroke],[fill]")) {
      const own = element.closest("g[stroke^=var],g[fill^=var]") ?? element;
      if (paintOf(own) === paint || element.getAttribute("stroke") === paint || element.getAttribute("fill") === paint) (paintOf(own) === paint ? own : element).style.visibility = off ? "hidden" : "";
    }
    known.delete(svg);
  }
}
function withTools(part) {
  for (const legend of part.querySelectorAll(".legend")) {
    const entries = [...legend.children].filter(entryPaint);
    if (new Set(entries.map(entryPaint)).size > 1) for (const entry of entries) { entry.classList.add("toggle"); entry.tabIndex = 0; entry.setAttribute("role", "button"); }
  }
  for (const tools of part.querySelectorAll(".block .tools, [data-name] > .head .tools")) {
    if (tools.querySelector(".enlarge") || !tools.closest(".block, [data-name]").querySelector(".panels")) continue;
    const button = document.createElement("button");
    button.type = "button"; button.className = "enlarge"; button.textContent = "Enlarge";
    button.addEventListener("click", () => { const large = tools.closest("figure").classList.toggle("large"); button.textContent = large ? "Reduce" : "Enlarge"; });
    tools.prepend(button);
  }
}
withTools(document);
document.addEventListener("click", (event) => { const entry = event.target.closest(".legend > .toggle"); if (entry) toggleSeries(entry); });
document.addEventListener("keydown", (event) => {
  if ((event.key === "Enter" || event.key === " ") && document.activeElement?.matches(".legend > .toggle")) { toggleSeries(document.activeElement); event.preventDefault(); }
});
function keyOf(row, index) {
  const cell = row.children[index], text = (cell?.querySelector(".value")?.textContent ?? cell?.textContent ?? "").replaceAll("\u2212", "-").replaceAll(",", "");
  const number = Number.parseFloat(text);
  return Number.isNaN(number) ? text : number;
}
for (const table of document.querySelectorAll("table.alignments")) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
  if (!body || body.rows.length < 3) continue;
  const order = [...body.rows], before = table.rows[0] === heads[0]?.parentElement ? 0 : [...table.tHead.rows[0].cells].filter((cell) => cell.rowSpan > 1).length;
  heads.forEach((head, i) => {
    head.classList.add("sortable"); head.tabIndex = 0;
    const sort = () => {
      const was = head.getAttribute("aria-sort"), next = was === "descending" ? "ascending" : was === "ascending" ? null : "descending";
      for (const other of heads) other.removeAttribute("aria-sort");
      if (next) head.setAttribute("aria-sort", next);
      const rank = (row) => keyOf(row, i + before), sign = next === "ascending" ? 1 : -1;
      const sorted = next ? [...order].sort((p, q) => { const [x, y] = [rank(p), rank(q)]; return typeof x !== typeof y ? (typeof x === "number" ? -1 : 1) : x < y ? -sign : x > y ? sign : 0; }) : order;
      body.append(...sorted);
    };
    head.addEventListener("click", sort);
    head.addEventListener("keydown", (event) => { if (event.key === "Enter") sort(); });
  });
}
`;
