"use strict";
const token = new URLSearchParams(location.search).get("token");
const address = (path) => (token ? `${path}?token=${encodeURIComponent(token)}` : path);
const find = (id) => document.getElementById(id);
const video = find("video"), picture = find("picture"), stage = find("stage");
// The stage takes the picture's own shape: a phone held upright sends a tall one.
const shape = (width, height) => { if (width && height) stage.style.aspectRatio = `${width} / ${height}`; };
video.addEventListener("resize", () => shape(video.videoWidth, video.videoHeight));
picture.addEventListener("load", () => shape(picture.naturalWidth, picture.naturalHeight));
const sliders = [...document.querySelectorAll("input[type=range]")];
let connection = null, touched = 0, transport = "-";

async function ask(body) {
  const reply = await fetch(address("/do"), {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  if (!reply.ok) throw new Error(await reply.text());
  return reply.json();
}
const send = (body) => ask(body).catch((error) => { find("state").textContent = error.message; });

function useVp8(transceiver) {  // one codec keeps the offer small
  const codecs = RTCRtpReceiver.getCapabilities("video").codecs;
  const wanted = codecs.filter((codec) => codec.mimeType === "video/VP8");
  if (wanted.length && transceiver.setCodecPreferences) transceiver.setCodecPreferences(wanted);
}

async function call(track) {
  if (connection) connection.close();
  const own = connection = new RTCPeerConnection({ iceServers: [] });
  const direction = track ? "sendrecv" : "recvonly";
  useVp8(own.addTransceiver(track || "video", { direction }));
  own.ontrack = (event) => { video.srcObject = new MediaStream([event.track]); };
  own.onconnectionstatechange = () => {
    if (own === connection && ["failed", "disconnected"].includes(own.connectionState)) useJpegs();
  };
  await own.setLocalDescription(await own.createOffer());
  await new Promise((done) => {
    if (own.iceGatheringState === "complete") return done();
    own.onicegatheringstatechange = () => own.iceGatheringState === "complete" && done();
    setTimeout(done, 1500);
  });
  const { answer } = await ask({ offer: own.localDescription.sdp });
  await own.setRemoteDescription({ type: "answer", sdp: answer });
  transport = "WebRTC";
  video.hidden = false;
  picture.hidden = true;
  picture.removeAttribute("src");
}

function useJpegs() {
  transport = "MJPEG";
  video.hidden = true;
  picture.hidden = false;
  picture.src = address("/stream.mjpg");
}

async function startCamera() {
  try {
    if (!navigator.mediaDevices) throw new Error("the browser gives its camera to https or localhost only");
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: false, video: { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: "user" },
    });
    await call(stream.getVideoTracks()[0]);
    find("camera").hidden = true;
    mirror(true);
  } catch (error) {
    find("state").textContent = `no camera: ${error.message}`;
    find("camera").hidden = false;
  }
}

function mirror(is) {
  stage.classList.toggle("mirrored", is);
  find("mirror").setAttribute("aria-pressed", is);
}

function showStyles(names, current) {
  const box = find("styles");
  if (box.querySelectorAll("button").length !== names.length) {
    for (const name of names) {
      const button = document.createElement("button");
      button.textContent = name;
      button.dataset.style = name;
      button.onclick = () => send({ style: name });
      box.append(button);
    }
  }
  press(box, "style", current);
}

function press(box, name, current) {
  for (const button of box.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", button.dataset[name] === current);
  }
}

function showFacts(facts) {
  showStyles(facts.styles, facts.style);
  find("fps").textContent = `${(facts.shown_fps || 0).toFixed(1)} fps`;
  find("latency").textContent = `${(facts.latency_ms || 0).toFixed(0)} ms`;
  find("dropped").textContent = facts.dropped || 0;
  find("viewers").textContent = facts.viewers;
  find("transport").textContent = transport;
  find("level").textContent = facts.level || "-";
  press(find("temporals"), "temporal", facts.temporal);
  const words = facts.panel || facts.note || (facts.is_warming ? "waiting for pictures" : "live");
  if (find("state").textContent !== words) find("state").textContent = words;
  for (const button of document.querySelectorAll("[data-fact]")) {
    const value = facts[button.dataset.fact];
    button.setAttribute("aria-pressed", Boolean(value) && value !== "off");
  }
  if (facts.look && Date.now() - touched > 1500) {
    for (const slider of sliders) { slider.value = facts.look[slider.name]; label(slider); }
  }
}
const label = (slider) => {
  slider.previousElementSibling.textContent = Number(slider.value).toFixed(2);
};

async function watch() {
  try {
    const reply = await fetch(address("/stats"));
    if (!reply.ok) throw new Error(await reply.text());
    showFacts(await reply.json());
  } catch (error) { find("state").textContent = `no connection: ${error.message}`; }
  setTimeout(watch, 500);
}

async function start() {
  for (const slider of sliders) {
    label(slider);
    slider.oninput = () => {
      touched = Date.now();
      label(slider);
      send({ [slider.name]: Number(slider.value) });
    };
  }
  for (const button of document.querySelectorAll("[data-key]")) {
    button.onclick = () => send({ key: button.dataset.key });
  }
  for (const button of document.querySelectorAll("[data-temporal]")) {
    button.onclick = () => send({ temporal: button.dataset.temporal });
  }
  find("mirror").onclick = () => mirror(!stage.classList.contains("mirrored"));
  find("full").onclick = () => stage.requestFullscreen && stage.requestFullscreen();
  find("camera").onclick = startCamera;
  const facts = await (await fetch(address("/stats"))).json();
  showFacts(facts);
  watch();
  if (facts.takes_camera) return startCamera();
  if (!window.RTCPeerConnection) return useJpegs();
  await call(null).catch(useJpegs);
}
start().catch((error) => { find("state").textContent = error.message; });
