/**
 * @file The part of the page's script that selects layers: one at a time, by selector, arrows, links and addresses, or
 * all that match a filter. Packed figures are unpacked when their layer is shown. Plain JavaScript as text.
 */
export const pickerScript = `
async function unpacked(base64) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
}
async function unpack(article) {
  const packed = article.querySelector("script.packed");
  if (!packed) return;
  const html = await unpacked(packed.textContent);
  if (!packed.isConnected) return;
  packed.remove();
  article.querySelector(".figures").insertAdjacentHTML("beforeend", html);
  withButtons(article);
  withTools(article);
}
const articles = [...document.querySelectorAll("article.layer")], picker = document.querySelector(".picker");
let current = articles.find((article) => article.matches(".chosen"));
const select = document.getElementById("layer"), filter = document.getElementById("filter"), all = document.getElementById("all");
function showLayers() {
  const wanted = filter.value.trim().toLowerCase(), many = all.checked || wanted !== "";
  let count = 0;
  for (const article of articles) {
    const fits = article.dataset.layer.toLowerCase().includes(wanted);
    article.hidden = many ? !fits : article !== current;
    article.classList.toggle("chosen", !many && article === current);
    if (!article.hidden) count++;
  }
  document.getElementById("layers").classList.toggle("many", many);
  picker.querySelector("output").textContent = many ? count + " of " + articles.length : articles.indexOf(current) + 1 + " of " + articles.length;
  if (!many && current) return unpack(current);
}
function choose(article) {
  if (!article) return;
  current = article; select.value = article.id; all.checked = false; filter.value = "";
  for (const name of document.querySelectorAll("a.name[aria-current]")) name.removeAttribute("aria-current");
  for (const name of document.querySelectorAll("a.name")) if (name.hash === "#" + article.id) name.setAttribute("aria-current", "true");
  return showLayers();
}
function fromAddress() {
  const article = articles.find((one) => "#" + one.id === location.hash);
  if (!article) return;
  choose(article);
  article.scrollIntoView();
}
if (picker && current) {
  picker.hidden = false;
  root.classList.add("scripted");
  select.addEventListener("change", () => choose(articles.find(({ id }) => id === select.value)));
  for (const button of picker.querySelectorAll("[data-go]"))
    button.addEventListener("click", () => choose(articles[(articles.indexOf(current) + Number(button.dataset.go) + articles.length) % articles.length]));
  filter.addEventListener("input", showLayers);
  filter.addEventListener("keydown", (event) => {
    if (event.key === "Enter") choose(articles.find((article) => !article.hidden));
    if (event.key === "Escape") { filter.value = ""; showLayers(); }
  });
  all.addEventListener("change", showLayers);
  addEventListener("hashchange", fromAddress);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#layer-']");
    if (link && link.hash === location.hash) fromAddress();
  });
  choose(current);
  fromAddress();
}
const links = new Map([...document.querySelectorAll("nav.contents a")].map((link) => [link.hash.slice(1), link]));
const seen = new Set();
const watch = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) if (isIntersecting) seen.add(target.id); else seen.delete(target.id);
  const here = [...links.keys()].find((id) => seen.has(id));
  for (const [id, link] of links) if (id === here) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
}, { rootMargin: "-15% 0px -70% 0px" });
for (const id of links.keys()) { const found = document.getElementById(id); if (found) watch.observe(found); }
`;
