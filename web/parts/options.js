// The options of a question as cards: text as it is stored; after the answer the right ones turn
// green, one's own wrong one red, and what was chosen stays marked.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".options");
  const { options, several, given, right, labels, judge, id } = data;
  const sent = right !== null;
  if (root.dataset.id !== id) root.picked = new Set(given);
  const answered = sent && root.dataset.id === id && root.dataset.sent !== "true";
  root.dataset.id = id;
  root.dataset.sent = String(sent);
  if (sent) root.picked = new Set(given);
  root.setAttribute("role", several ? "group" : "radiogroup");
  root.setAttribute("aria-label", labels.answer);
  root.replaceChildren();
  const submit = document.createElement("button");
  const cards = options.map(([letter, text], at) => {
    const card = document.createElement("button");
    card.type = "button";
    card.className = "card";
    card.dataset.letter = letter;
    card.setAttribute("role", several ? "checkbox" : "radio");
    card.setAttribute("aria-disabled", String(sent));
    const name = document.createElement("b");
    name.textContent = judge ? "" : letter;
    const words = document.createElement("span");
    words.className = "text";
    words.textContent = text;
    const note = document.createElement("span");
    note.className = "note";
    card.append(name, words, note);
    if (sent) {
      const good = right.includes(letter);
      const mine = root.picked.has(letter);
      card.classList.toggle("right", good);
      card.classList.toggle("wrong", mine && !good);
      note.textContent = [mine ? labels.mine : "", good ? `✓ ${labels.right}` : mine ? "✗" : ""]
        .filter(Boolean)
        .join(" · ");
    }
    card.onclick = () => {
      if (sent) return;
      if (!several) root.picked = new Set([letter]);
      else if (!root.picked.delete(letter)) root.picked.add(letter);
      draw();
    };
    card.onkeydown = (event) => {
      const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      cards[(at + step + cards.length) % cards.length].focus();
    };
    root.append(card);
    return card;
  });
  const draw = () => {
    for (const card of cards) {
      const on = root.picked.has(card.dataset.letter);
      card.classList.toggle("picked", on);
      card.setAttribute("aria-checked", String(on));
    }
    submit.setAttribute("aria-disabled", String(root.picked.size === 0));
  };
  if (!sent) {
    submit.type = "button";
    submit.className = "submit";
    submit.textContent = labels.submit;
    submit.onclick = () => {
      if (root.picked.size) setTriggerValue("sent", [...root.picked].sort().join(""));
    };
    root.append(submit);
  }
  draw();
  // Who answered by keyboard goes on from the answer, not from the top of the page.
  if (answered) (cards.find((card) => root.picked.has(card.dataset.letter)) ?? cards[0]).focus();
}
