// needs: files
// SHA-256 of a file on the host: certutil where it can (Windows Vista and later), else computed here.
var SHA_K = [];
var HASH_MOST = 33554432; // bytes: more is not done in time by any script host of such a server, and is all held in memory

// {path, bytes, sha256}
function hashFile(args) {
  var path = expand(args.path), found;
  if (!fso().FileExists(path)) { throw fail("there is no file " + path); }
  found = tryValue(function () { return hashByCertutil(path); }, null);
  if (found === null) {
    note("hash", "computed by the script host: certutil cannot");
    found = hashByScript(path);
  }
  return { path: path, bytes: fso().GetFile(path).Size, sha256: found };
}
function hashByCertutil(path) {
  var run = shellRun('certutil -hashfile "' + path + '" SHA256'), lines = run.stdout.split(/\r?\n/), i, line;
  for (i = 0; run.exit_code === 0 && i < lines.length; i++) {
    line = lines[i].replace(/\s/g, "").toLowerCase(); // older versions put blanks between the bytes
    if (/^[0-9a-f]{64}$/.test(line)) { return line; }
  }
  return null;
}
// The SHA-256, or null when it cannot be told within so many seconds and, by the script host, without much memory.
function hashWithin(path, seconds) {
  var found = tryValue(function () { return hashByCertutil(path); }, null), until = new Date().getTime() + seconds * 1000;
  if (found !== null || fso().GetFile(path).Size > HASH_MOST) { return found; }
  return tryValue(function () { return hashByScript(path, until); }, null);
}
// likely: ADODB.Stream and MSXML are on every Windows 2000 and later; a host without them throws here.
// Null when it is not done at the time until; without one it takes what it takes.
function hashByScript(path, until) {
  var stream = new ActiveXObject("ADODB.Stream"), element = hexElement(), state = shaStart(), rest = "", total = 0, text;
  stream.Type = 1;
  stream.Open();
  try {
    stream.LoadFromFile(path);
    while (!stream.EOS) {
      if (until && new Date().getTime() > until) { return null; }
      element.nodeTypedValue = stream.Read(65536);
      text = rest + element.text;
      total += element.text.length / 2;
      rest = shaBlocks(state, text);
    }
  } finally { stream.Close(); }
  return shaFinish(state, rest, total);
}
function hexElement() {
  var element = new ActiveXObject("MSXML2.DOMDocument").createElement("b");
  element.dataType = "bin.hex";
  return element;
}

function shaStart() {
  var n = 2, i, h = [], prime;
  while (SHA_K.length < 64) {
    prime = true;
    for (i = 2; i * i <= n; i++) { if (n % i === 0) { prime = false; } }
    if (prime) {
      if (h.length < 8) { h.push(shaFraction(Math.pow(n, 1 / 2))); }
      SHA_K.push(shaFraction(Math.pow(n, 1 / 3)));
    }
    n++;
  }
  n = 2;
  while (h.length < 8) { // a second hash in one script: the constants are there, the start values are not
    prime = true;
    for (i = 2; i * i <= n; i++) { if (n % i === 0) { prime = false; } }
    if (prime) { h.push(shaFraction(Math.pow(n, 1 / 2))); }
    n++;
  }
  return h;
}
function shaFraction(x) { return Math.floor((x - Math.floor(x)) * 4294967296) | 0; }

// Takes whole 64-byte blocks of the hexadecimal text into the state; what is left over.
function shaBlocks(state, text) {
  var at = 0, words, i;
  for (; at + 128 <= text.length; at += 128) {
    words = [];
    for (i = 0; i < 16; i++) { words[i] = parseInt(text.substring(at + i * 8, at + i * 8 + 8), 16) | 0; }
    shaBlock(state, words);
  }
  return text.substring(at);
}
function shaBlock(h, w) {
  var a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], k = h[7], i, x, y, s, t;
  for (i = 0; i < 64; i++) {
    if (i > 15) {
      x = w[i - 15];
      y = w[i - 2];
      s = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      t = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = (w[i - 16] + s + w[i - 7] + t) | 0;
    }
    s = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    x = (k + s + ((e & f) ^ (~e & g)) + SHA_K[i] + w[i]) | 0;
    s = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    y = (s + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    k = g;
    g = f;
    f = e;
    e = (d + x) | 0;
    d = c;
    c = b;
    b = a;
    a = (x + y) | 0;
  }
  h[0] = (h[0] + a) | 0;
  h[1] = (h[1] + b) | 0;
  h[2] = (h[2] + c) | 0;
  h[3] = (h[3] + d) | 0;
  h[4] = (h[4] + e) | 0;
  h[5] = (h[5] + f) | 0;
  h[6] = (h[6] + g) | 0;
  h[7] = (h[7] + k) | 0;
}
function shaWord(n) { return pad((n < 0 ? n + 4294967296 : n).toString(16), 8); }
function shaFinish(state, rest, bytes) {
  var text = rest + "80", out = [], i;
  while (text.length % 128 !== 112) { text += "00"; }
  text += shaWord(Math.floor(bytes / 536870912)) + shaWord((bytes % 536870912) * 8);
  shaBlocks(state, text);
  for (i = 0; i < 8; i++) { out.push(shaWord(state[i])); }
  return out.join("");
}
