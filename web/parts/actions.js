// The small buttons under an answer: copy, read aloud, ask again, thumbs, correct.
const PATHS = {
  copy: "M9 9V5a1 1 0 0 1 1-1h9a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-4M5 9h9a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1z",
  done: "M5 12l5 5L20 7",
  speak: "M4 9v6h4l5 4V5L8 9H4zM16 9a4 4 0 0 1 0 6M18.5 6.5a8 8 0 0 1 0 11",
  quiet: "M7 6h3v12H7zM14 6h3v12h-3z",
  again: "M20 11a8 8 0 1 0-2.3 6.3M20 5v6h-6",
  up: "M7 11l4-7c1.5 0 2 1 2 2v4h5.5c1 0 1.7 1 1.5 2l-1.3 6c-.2 1-.9 1.5-1.7 1.5H7zM3.5 11H7v8.5H3.5z",
  down: "M17 13l-4 7c-1.5 0-2-1-2-2v-4H5.5c-1 0-1.7-1-1.5-2l1.3-6C5.5 5 6.200 4.5 7 4.5h10zM20.5 13H17V4.5h3.5z",
  correct: "M4 20h4L19 9l-4-4L4 16v4zM13 7l4 4",
};

const icon = (name) =>
  `<svg viewBox="0 0 24 24" width="18" height="18" fill="none" stroke="currentColor" ` +
  `stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">` +
  `<path d="${PATHS[name]}"/></svg>`;

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {  // no clipboard without https or localhost: the old way
    const box = document.createElement("textarea");
    box.value = text;
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
}

// A voice of this device; one that sends the text to a network service only where that was chosen.
function voice(network) {
  const fit = speechSynthesis.getVoices().filter((one) => one.lang.toLowerCase().startsWith("zh"));
  return fit.find((one) => one.localService) ?? (network ? fit[0] : undefined);
}

function aloud(button, data, labels, say) {
  if (!("speechSynthesis" in window)) return say(labels.mute);
  if (speechSynthesis.speaking) return speechSynthesis.cancel();
  const chosen = voice(data.network);
  if (!chosen) return say(labels.mute);
  const words = new SpeechSynthesisUtterance(data.text);
  words.voice = chosen;
  words.lang = chosen.lang;
  words.onend = words.onerror = () => (button.innerHTML = icon("speak"));
  button.innerHTML = icon("quiet");
  speechSynthesis.speak(words);
}

export default function ({ data, parentElement, setTriggerValue }) {
  const row = parentElement.querySelector(".row");
  const { labels } = data;
  row.replaceChildren();
  const note = document.createElement("span");
  note.className = "note";
  const say = (text) => (note.textContent = text);
  for (const name of data.buttons) {
    const button = document.createElement("button");
    button.innerHTML = icon(name);
    button.title = labels[name];
    button.setAttribute("aria-label", labels[name]);
    button.dataset.action = name;
    if (data.chosen === name) button.classList.add("chosen");
    button.onclick = async () => {
      if (name === "copy") {
        await copy(data.text);
        button.innerHTML = icon("done");
        setTimeout(() => (button.innerHTML = icon("copy")), 1500);
      } else if (name === "speak" && data.browser) {
        aloud(button, data, labels, say);
      } else {
        setTriggerValue("action", name);
      }
    };
    row.append(button);
  }
  row.append(note);
  return () => window.speechSynthesis?.cancel();
}
