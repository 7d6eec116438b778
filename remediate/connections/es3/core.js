// Core of every payload: JSON out, notes, times, errors, commands. Plain ES3 for JScript 5.1 to 5.8 and Wine's jscript.
// remediateFolder, remediateScript and remediateLeftovers are set by the lines the controller puts before this file.
var remediateNotes = [];
var remediateLimit = 1000000;
var remediateTemps = 0;
var remediateBias = null;
var remediateObjects = {};

if (!Array.prototype.push) { // JScript 5.1 (Windows 2000 as shipped) has none
  Array.prototype.push = function (item) { this[this.length] = item; return this.length; };
}

// A COM object by ProgID, made once per script.
function com(progId) {
  if (typeof remediateObjects[progId] === "undefined") { remediateObjects[progId] = new ActiveXObject(progId); }
  return remediateObjects[progId];
}
function fso() { return com("Scripting.FileSystemObject"); }
function wshShell() { return com("WScript.Shell"); }

// Records that a value came by a second-best way, or could not be had: ends in the state under "_notes".
function note(source, text) {
  var i;
  for (i = 0; i < remediateNotes.length; i++) {
    if (remediateNotes[i].source === source && remediateNotes[i].text === text) { return; }
  }
  if (remediateNotes.length < 200) { remediateNotes.push({ source: source, text: String(text).substring(0, 500) }); }
}

function pad(number, width) {
  var text = String(number);
  while (text.length < width) { text = "0" + text; }
  return text;
}
function trim(text) { return String(text).replace(/^\s+/, "").replace(/\s+$/, ""); }

// 0x800A01A8 for -2146827864.
function hex(number) {
  var n = number < 0 ? number + 4294967296 : number;
  return "0x" + pad(n.toString(16).toUpperCase(), 8);
}
// An exception with a text that every JScript version keeps.
function fail(text) {
  var e = new Error(text);
  e.description = text;
  return e;
}
function errorText(e) {
  var text = "", number = "";
  if (typeof e === "string") { return e; }
  try { text = e.description || e.message || String(e); } catch (x) { text = "unknown error"; }
  try { if (typeof e.number === "number" && e.number !== 0) { number = " (" + hex(e.number) + ")"; } } catch (y) { number = ""; }
  return trim(text) + number;
}
var NOT_IMPLEMENTED = -2147467263; // 0x80004001: a method the script host only has the name of (Wine)
function errorNumber(e) {
  try { return typeof e.number === "number" ? e.number : 0; } catch (x) { return 0; }
}
// fn(), or the fallback when it throws. Says nothing: use note() where the reader should know.
function tryValue(fn, fallback) {
  try { return fn(); } catch (e) { return fallback; }
}

// A SAFEARRAY as a JavaScript array; null where it is none.
function safeArray(value) {
  return tryValue(function () { return new VBArray(value).toArray(); }, null);
}

function quote(text) {
  var out = [], start = 0, i, c, n;
  for (i = 0; i < text.length; i++) {
    n = text.charCodeAt(i);
    if (n > 31 && n < 127 && n !== 34 && n !== 92) { continue; }
    if (i > start) { out.push(text.substring(start, i)); }
    c = text.charAt(i);
    out.push(n === 34 || n === 92 ? "\\" + c : "\\u" + pad(n.toString(16), 4));
    start = i + 1;
  }
  if (start < text.length) { out.push(text.substring(start)); }
  return ['"', out.join(""), '"'].join("");
}
// ASCII JSON of plain data: null, booleans, numbers, strings, dates (UTC text), arrays, objects. COM objects are refused.
function toJson(value) {
  var parts = [], kind = typeof value, key, i;
  if (value === null || kind === "undefined" || kind === "function") { return "null"; }
  if (kind === "boolean") { return value ? "true" : "false"; }
  if (kind === "number") { return isFinite(value) ? String(value) : "null"; }
  if (kind === "string") { return quote(value); }
  if (kind === "date") { return quote(isoUtc(new Date(value))); }
  if (value instanceof Array) {
    for (i = 0; i < value.length; i++) { parts.push(toJson(value[i])); }
    return ["[", parts.join(","), "]"].join("");
  }
  if (value instanceof Date) { return quote(isoTime(value.getTime())); }
  if (value instanceof Object) {
    for (key in value) {
      if (typeof value[key] !== "function") { parts.push(quote(String(key)) + ":" + toJson(value[key])); }
    }
    return ["{", parts.join(","), "}"].join("");
  }
  throw fail("toJson: a COM object or an unknown type (" + kind + ") is no data");
}
// JSON text back to data, or null; the text is checked to be nothing but JSON before it is evaluated.
function fromJson(text) {
  var bare;
  if (typeof text !== "string" || text.length > remediateLimit) { return null; }
  bare = text.replace(/\\(?:["\\\/bfnrt]|u[0-9a-fA-F]{4})/g, "@");
  bare = bare.replace(/"[^"\\\x00-\x1f]*"|true|false|null|-?\d+(?:\.\d*)?(?:[eE][+\-]?\d+)?/g, "]");
  bare = bare.replace(/(?:^|:|,)(?:\s*\[)+/g, "");
  if (!/^[\],:{}\s]*$/.test(bare)) { return null; }
  return tryValue(function () { return eval("(" + text + ")"); }, null);
}

// %VARIABLES% replaced by the host's own. Not every script host leaves the terminating zero out of the answer.
function expand(path) {
  var text = wshShell().ExpandEnvironmentStrings(String(path)), end = text.indexOf(String.fromCharCode(0));
  return end < 0 ? text : text.substring(0, end);
}

// The toolkit's own folder on this host; made when it is missing.
function toolkitFolder() {
  var path = expand(remediateFolder), parts = path.split("\\"), built = parts[0], i;
  if (!fso().FolderExists(path)) {
    for (i = 1; i < parts.length; i++) {
      built += "\\" + parts[i];
      if (!fso().FolderExists(built)) { tryValue(function () { fso().CreateFolder(built); }, null); }
    }
  }
  return path;
}

function isoTime(milliseconds) {
  var d = new Date(milliseconds);
  return pad(d.getUTCFullYear(), 4) + "-" + pad(d.getUTCMonth() + 1, 2) + "-" + pad(d.getUTCDate(), 2) + "T" +
    pad(d.getUTCHours(), 2) + ":" + pad(d.getUTCMinutes(), 2) + ":" + pad(d.getUTCSeconds(), 2) + "Z";
}
// Milliseconds since 1970 of "2004-09-15T20:01:00Z"; NaN for anything else.
function isoToTime(text) {
  var m = /(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z/.exec(String(text));
  return m ? Date.UTC(m[1], m[2] - 1, m[3], m[4], m[5], m[6]) : Number.NaN;
}
function utcNow() { return isoTime(new Date().getTime()); }

// Minutes to add to local time for UTC, by the rule in force now: {minutes, source}.
function bias() {
  var minutes, rows;
  if (remediateBias !== null) { return remediateBias; }
  try {
    minutes = wshShell().RegRead("HKLM\\SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation\\ActiveTimeBias");
    remediateBias = { minutes: minutes > 2147483647 ? minutes - 4294967296 : minutes, source: "registry" };
    return remediateBias;
  } catch (e) { note("bias", "ActiveTimeBias could not be read: " + errorText(e)); }
  rows = typeof wmiQuery === "function" ?
    wmiQuery("root\\cimv2", "SELECT CurrentTimeZone FROM Win32_OperatingSystem", ["CurrentTimeZone"]) : null;
  if (rows && rows.length && rows[0].CurrentTimeZone !== null) {
    remediateBias = { minutes: -rows[0].CurrentTimeZone, source: "wmi" };
  } else {
    note("bias", "the bias is the script engine's");
    remediateBias = { minutes: new Date().getTimezoneOffset(), source: "script" };
  }
  return remediateBias;
}
// UTC text of a date whose local fields are local by the bias now in force, as the file system gives them.
function isoUtc(localDate) {
  var d = localDate instanceof Date ? localDate : new Date(localDate);
  return isoTime(Date.UTC(d.getFullYear(), d.getMonth(), d.getDate(), d.getHours(), d.getMinutes(), d.getSeconds()) +
    bias().minutes * 60000);
}

// Sleeps; where the script host cannot (Wine), looks at the clock until the time is over.
function pause(milliseconds) {
  var start;
  if (tryValue(function () { WScript.Sleep(milliseconds); return true; }, false)) { return; }
  start = new Date().getTime();
  while (Math.abs(new Date().getTime() - start) < milliseconds) { start += 0; }
}

// One simple command line through cmd.exe: {exit_code, stdout} with both streams, bounded. Exec does not exist on every
// script host, so the output goes through a temporary file. Throws when the script host cannot run programs.
function shellRun(cmdline) {
  var path = toolkitFolder() + "\\out-" + remediateNonce + "-" + (remediateTemps++) + ".txt", code, text = "";
  try {
    code = wshShell().Run('%ComSpec% /c "' + cmdline + ' > "' + path + '" 2>&1"', 0, true);
    text = readAll(path, remediateLimit);
  } finally {
    tryValue(function () { fso().DeleteFile(path, true); }, null);
  }
  return { exit_code: code, stdout: text };
}
// Several simple command lines in one go, for what would otherwise start cmd.exe again and again: [{exit_code, stdout}].
function shellRunAll(cmdlines) {
  var out = [], i;
  if (cmdlines.length > 1 && !/[^\x20-\x7e]/.test(cmdlines.join(""))) { return shellBatch(cmdlines); }
  for (i = 0; i < cmdlines.length; i++) { out.push(shellRun(cmdlines[i])); } // batch files are read in the console's code page
  return out;
}
function shellBatch(cmdlines) {
  var path = toolkitFolder() + "\\all-" + remediateNonce + "-" + (remediateTemps++) + ".cmd", mark = "end-" + remediateNonce + " ";
  var lines = ["@echo off"], parts, out = [], i, m;
  for (i = 0; i < cmdlines.length; i++) { lines.push(cmdlines[i].replace(/%/g, "%%") + " 2>&1", "echo " + mark + "%errorlevel%"); }
  writeLines(path, lines);
  try { parts = shellRun('"' + path + '"').stdout.split(mark); } finally { removeQuietly(path); }
  for (i = 0; i < cmdlines.length; i++) { // each part but the first begins with the exit code of the command before it
    m = /^-?\d+/.exec(i + 1 < parts.length ? parts[i + 1] : "");
    out.push({ exit_code: m ? parseInt(m[0], 10) : 1, stdout: String(parts[i] || "").replace(i ? /^-?\d+[ \t]*\r?\n?/ : "", "") });
  }
  return out;
}
function writeLines(path, lines) {
  var stream = fso().CreateTextFile(path, true, false);
  try { stream.Write(lines.join("\r\n") + "\r\n"); } finally { stream.Close(); }
}
// At most limit characters from the start of a text file; "" when it is empty or missing.
function readAll(path, limit) {
  var stream, text = "";
  if (!fso().FileExists(path)) { return ""; }
  stream = fso().OpenTextFile(path, 1, false, 0);
  try {
    if (!stream.AtEndOfStream) { text = fso().GetFile(path).Size > limit ? stream.Read(limit) : stream.ReadAll(); }
  } finally { stream.Close(); }
  return text;
}

// Runs fn(args) and prints the one answer line: marker, nonce, length, JSON.
function remediateMain(name, fn, args) {
  var answer, text, i;
  try {
    answer = { value: fn(args), notes: remediateNotes };
    answer.clock = new Date().getTime();
    if (remediateFolder.indexOf("%") >= 0) { answer.folder = tryValue(function () { return expand(remediateFolder); }, null); }
    text = toJson(answer);
    if (text.length > remediateLimit) { throw fail("the answer has " + text.length + " characters, the limit is " + remediateLimit); }
  } catch (e) {
    text = toJson({ error: { number: errorNumber(e) ? hex(errorNumber(e)) : "", description: errorText(e), fn: name }, notes: remediateNotes });
  }
  for (i = 0; i < remediateLeftovers.length; i++) { removeQuietly(remediateLeftovers[i]); }
  removeQuietly(remediateScript);
  WScript.Echo(["remediate", remediateNonce, text.length, text].join(":"));
}
function removeQuietly(path) {
  if (path) { tryValue(function () { fso().DeleteFile(path.indexOf("%") < 0 ? path : expand(path), true); }, null); }
}
