// Without it a browser shows the titles itself. Each line of a title is a step: kind, value, reason, source.
const why = document.getElementById("why");

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function show(box, x, y) {
  const [heading, ...steps] = box.dataset.title.split("\n");
  const list = document.createElement("ol");
  for (const step of steps) {
    const [kind, value, because, source] = step.split("\u2003");
    const item = document.createElement("li");
    item.append(element("i", kind), element("b", value), ` ${because}`, element("small", source));
    list.append(item);
  }
  why.replaceChildren(element("h3", heading), list);
  why.hidden = false;
  const { width, height } = why.getBoundingClientRect();
  why.style.left = `${Math.max(12, Math.min(x + 14, innerWidth - width - 12))}px`;
  why.style.top = `${y + 18 + height > innerHeight ? Math.max(12, y - height - 14) : y + 18}px`;
}

for (const box of document.querySelectorAll(".box")) {
  const title = box.querySelector("title");
  box.dataset.title = title.textContent;
  box.setAttribute("aria-label", title.textContent.replaceAll("\n", "; "));
  title.remove();
  box.addEventListener("pointermove", (event) => show(box, event.clientX, event.clientY));
  box.addEventListener("pointerleave", () => { why.hidden = true; });
  box.addEventListener("focus", () => {
    const { left, bottom } = box.getBoundingClientRect();
    show(box, left, bottom);
  });
  box.addEventListener("blur", () => { why.hidden = true; });
}
