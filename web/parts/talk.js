// A spoken dialogue without hands: the microphone stays open, a pause ends what is said, speaking
// over the voice stops it. The drawn figure's mouth is as wide as the voice is loud just now.
const RATE = 16000; // Hz, what the recogniser takes
const FLOOR = 0.012; // loudness (RMS) below which nobody speaks, however still the room is
const OVER = 3; // times louder than the room: speech
const BEGIN = 0.18, END = 0.9, LONGEST = 30; // seconds: speech begins, has ended, is cut off

const rms = (part) => Math.sqrt(part.reduce((sum, one) => sum + one * one, 0) / part.length);

// Samples at the microphone's rate as a WAV file (16 kHz, mono, 16 bit), base64.
function wav(parts, rate) {
  const all = new Float32Array(parts.reduce((sum, one) => sum + one.length, 0));
  parts.reduce((at, one) => (all.set(one, at), at + one.length), 0);
  const step = rate / RATE, count = Math.floor(all.length / step);
  const view = new DataView(new ArrayBuffer(44 + 2 * count));
  const name = (at, text) => [...text].forEach((one, i) => view.setUint8(at + i, one.charCodeAt(0)));
  name(0, "RIFF"); view.setUint32(4, 36 + 2 * count, true); name(8, "WAVEfmt ");
  view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true); view.setUint32(28, 2 * RATE, true);
  view.setUint16(32, 2, true); view.setUint16(34, 16, true);
  name(36, "data"); view.setUint32(40, 2 * count, true);
  for (let at = 0; at < count; at++) {
    const from = Math.floor(at * step), to = Math.max(from + 1, Math.floor((at + 1) * step));
    let sum = 0;
    for (let i = from; i < to; i++) sum += all[i];
    view.setInt16(44 + 2 * at, Math.max(-1, Math.min(1, sum / (to - from))) * 32767, true);
  }
  const bytes = new Uint8Array(view.buffer);
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

class Talk {
  constructor(root) {
    this.root = root;
    this.canvas = root.querySelector("canvas");
    this.note = root.querySelector(".now");
    this.mouth = 0;
    this.played = 0;
    for (const name of ["start", "face", "record"])
      root.querySelector(`[data-do=${name}]`).onclick = () => this[name]();
    this.draw();
  }

  show(state) {
    this.root.dataset.state = state;
    this.note.textContent = this.data.labels[state] ?? "";
    this.root.querySelector("[data-do=start]").textContent =
      this.data.labels[this.audio ? "end" : "begin"];
    this.root.querySelector("[data-do=record]").hidden = !this.audio;
  }

  update(data, send) {
    this.data = data;
    this.send = send;
    const { labels } = data;
    for (const name of ["face", "record"])
      this.root.querySelector(`[data-do=${name}]`).textContent = labels[name];
    this.canvas.setAttribute("aria-label", labels.figure);
    if (this.audio && data.number !== this.played) this.say();
    else this.show(this.audio ? this.root.dataset.state : "idle");
  }

  async start() {
    if (this.audio) return this.stop();
    const audio = { echoCancellation: true, noiseSuppression: true };
    try {
      this.microphone = await navigator.mediaDevices.getUserMedia({ audio });
    } catch {
      return this.show("no_microphone");
    }
    this.audio = new AudioContext();
    this.out = this.audio.createMediaStreamDestination(); // what is recorded: both voices
    const heard = this.audio.createMediaStreamSource(this.microphone);
    heard.connect(this.out);
    this.ear = this.audio.createScriptProcessor(2048, 1, 1);
    this.ear.onaudioprocess = (event) => this.listen(event.inputBuffer.getChannelData(0).slice());
    heard.connect(this.ear);
    this.ear.connect(this.audio.destination);
    this.parts = [];
    this.room = FLOOR / OVER;
    this.loud = this.quiet = 0;
    this.show("listening");
    if (this.data.number !== this.played) this.say();
    else if (!this.data.number)
      this.send("said", { begin: true, at: Date.now() });
  }

  stop() {
    if (this.tape) this.record();
    this.hush();
    this.microphone?.getTracks().forEach((one) => one.stop());
    this.audio?.close();
    this.audio = null;
    this.show("idle");
  }

  listen(part) {
    const seconds = part.length / this.audio.sampleRate, level = rms(part);
    const speaking = level > Math.max(FLOOR, this.room * OVER);
    if (!speaking) this.room += (level - this.room) * 0.05;
    this.parts.push(part);
    this.loud = speaking ? this.loud + seconds : this.hearing ? this.loud : 0;
    this.quiet = speaking ? 0 : this.quiet + seconds;
    if (!this.hearing) {
      if (this.loud < BEGIN) return void (this.parts = this.parts.slice(-8)); // a breath before it
      this.hearing = true;
      if (this.voice) this.root.dataset.interrupted = String(Number(this.root.dataset.interrupted ?? 0) + 1);
      this.hush(); // who speaks over the voice is heard
      this.show("hearing");
    }
    const length = this.parts.length * seconds;
    if (this.quiet < END && length < LONGEST) return;
    this.hearing = false;
    this.loud = 0;
    this.show("thinking");
    this.send("said", { wav: wav(this.parts, this.audio.sampleRate), at: Date.now() });
    this.parts = [];
  }

  async say() {
    this.played = this.data.number;
    if (this.hearing) return; // nobody is spoken over: the words stand in the transcript
    if (!this.data.wav) return this.show("listening");
    const bytes = Uint8Array.from(atob(this.data.wav), (one) => one.charCodeAt(0));
    const sound = await this.audio.decodeAudioData(bytes.buffer);
    this.hush();
    const voice = this.audio.createBufferSource();
    voice.buffer = sound;
    this.meter = this.audio.createAnalyser();
    voice.connect(this.meter);
    this.meter.connect(this.audio.destination);
    this.meter.connect(this.out);
    voice.onended = () => {
      if (this.voice !== voice) return;
      this.voice = null;
      this.show("listening");
    };
    this.voice = voice;
    this.show("speaking");
    voice.start();
  }

  hush() {
    const voice = this.voice;
    this.voice = null;
    voice?.stop();
  }

  face() {
    this.canvas.hidden = !this.canvas.hidden;
    this.root.querySelector("[data-do=face]").setAttribute("aria-pressed", String(!this.canvas.hidden));
  }

  record() {
    const button = this.root.querySelector("[data-do=record]");
    if (this.tape) {
      this.tape.stop();
      this.tape = null;
      return button.setAttribute("aria-pressed", "false");
    }
    const film = this.canvas.captureStream(25), parts = [];
    this.out.stream.getAudioTracks().forEach((one) => film.addTrack(one));
    this.tape = new MediaRecorder(film, { mimeType: "video/webm" });
    this.tape.ondataavailable = (event) => parts.push(event.data);
    this.tape.onstop = () => {
      const link = this.root.querySelector("a.file");
      URL.revokeObjectURL(link.href);
      link.href = URL.createObjectURL(new Blob(parts, { type: "video/webm" }));
      link.download = "dialogue.webm";
      link.textContent = this.data.labels.film;
      link.hidden = false;
    };
    this.tape.start(1000);
    button.setAttribute("aria-pressed", "true");
  }

  draw() {
    if (!this.root.isConnected && this.seen) return this.audio && this.stop();
    this.seen ||= this.root.isConnected;
    let level = 0;
    if (this.voice && this.meter) {
      const part = new Float32Array(this.meter.fftSize);
      this.meter.getFloatTimeDomainData(part);
      level = Math.min(1, rms(part) * 6);
    }
    this.mouth += (level - this.mouth) * 0.5;
    this.root.dataset.mouth = this.mouth.toFixed(2);
    if (!this.canvas.hidden) figure(this.canvas.getContext("2d"), this.mouth, this.root);
    requestAnimationFrame(() => this.draw());
  }
}

function figure(pen, mouth, root) {
  const style = getComputedStyle(root);
  const ink = style.getPropertyValue("--st-text-color"), skin = style.getPropertyValue("--st-secondary-background-color");
  pen.fillStyle = style.getPropertyValue("--st-background-color");
  pen.fillRect(0, 0, 440, 440);
  const disc = (x, y, wide, high, colour) => {
    pen.beginPath();
    pen.ellipse(x, y, wide, high, 0, 0, 7);
    pen.fillStyle = colour;
    pen.fill();
  };
  disc(220, 460, 170, 110, style.getPropertyValue("--st-primary-color"));
  disc(220, 205, 132, 150, ink);
  disc(220, 215, 122, 140, skin);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const open = !still && Date.now() % 4000 < 130 ? 1 : 11; // it blinks
  disc(172, 190, 10, open, ink);
  disc(268, 190, 10, open, ink);
  disc(220, 285, 34 - 8 * mouth, 3 + 30 * mouth, ink);
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".talk");
  root.of ??= new Talk(root);
  root.of.update(data, setTriggerValue);
}
