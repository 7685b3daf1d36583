// Keeps this browser's id in a cookie, and says Streamlit's own English words in Chinese.
const WORDS = ["aria-label", "title", "placeholder"];

export default function ({ data }) {
  document.cookie = `tikuforge=${data.token}; path=/; max-age=31536000; SameSite=Strict`;
  document.documentElement.lang = data.language === "zh" ? "zh-CN" : "en";
  window.tikuforgeWords?.disconnect();
  const exact = data.words;
  const patterns = data.patterns.map(([from, to]) => [new RegExp(from), to]);
  const said = (text) => {
    const bare = text.trim();
    if (!/[A-Za-z]{2}/.test(bare) || bare.length > 160) return null;
    if (Object.hasOwn(exact, bare)) return exact[bare];
    for (const [from, to] of patterns) if (from.test(bare)) return bare.replace(from, to);
    return null;
  };
  // What people and the model wrote, and our own components, are left alone.
  const ours = (node) =>
    node.closest?.("[data-testid=stMarkdownContainer] p, pre, textarea") &&
    !node.closest("[data-testid=stFileUploader]");
  const mend = (root) => {
    if (root.nodeType === Node.TEXT_NODE) {
      if (ours(root.parentElement ?? root)) return;
      const words = said(root.nodeValue);
      if (words !== null) root.nodeValue = words;
      return;
    }
    if (root.nodeType !== Node.ELEMENT_NODE || ours(root)) return;
    for (const name of WORDS) {
      const words = root.hasAttribute(name) ? said(root.getAttribute(name)) : null;
      if (words !== null) root.setAttribute(name, words);
    }
    root.childNodes.forEach(mend);
  };
  if (!Object.keys(exact).length) return;
  mend(document.body);
  window.tikuforgeWords = new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "childList") change.addedNodes.forEach(mend);
      else mend(change.target);
    }
  });
  window.tikuforgeWords.observe(document.body, {
    subtree: true,
    childList: true,
    characterData: true,
    attributes: true,
    attributeFilter: WORDS,
  });
}
