// needs: wmi
// The registry: single values by WshShell, lists by StdRegProv or reg.exe. Keys are written "HKLM\\SOFTWARE\\...".
var REG_ROOTS = { HKCR: 2147483648, HKCU: 2147483649, HKLM: 2147483650, HKU: 2147483651, HKEY_CLASSES_ROOT: 2147483648,
  HKEY_CURRENT_USER: 2147483649, HKEY_LOCAL_MACHINE: 2147483650, HKEY_USERS: 2147483651 };
var REG_MISSING = -2147024894; // 0x80070002, file not found
var regProvider = null;

// A value by full path ("key\\name"; "key\\" is the default value), null when it is missing. Lists come as arrays.
function regValue(path) { return regAll([path])[0]; }

// The values of several paths. What the script host cannot take (Wine: lists, binary) is asked of reg.exe in one go.
function regAll(paths) {
  var values = [], late = [], lines = [], runs, i;
  for (i = 0; i < paths.length; i++) {
    values[i] = null;
    try { values[i] = regPlain(regRaw(paths[i])); } catch (e) {
      note("registry", "lists and binary values are read by reg.exe: " + errorText(e));
      late.push(i);
      lines.push(regLine(paths[i]));
    }
  }
  runs = tryValue(function () { return shellRunAll(lines); }, []);
  for (i = 0; i < late.length; i++) { values[late[i]] = runs.length > i ? regParsed(runs[i].stdout) : null; }
  return values;
}
function regRaw(path) {
  try { return wshShell().RegRead(path); } catch (e) {
    if (errorNumber(e) !== REG_MISSING) { note("registry", path + ": " + errorText(e)); }
    return null;
  }
}
function regPlain(value) {
  var list;
  if (value === null || typeof value === "string" || typeof value === "number") { return value; }
  list = safeArray(value);
  return list === null ? String(value) : list;
}
function regLine(path) {
  var at = path.lastIndexOf("\\"), name = path.substring(at + 1);
  return 'reg query "' + path.substring(0, at) + '" ' + (name ? '/v "' + name + '"' : "/ve");
}
// The strings of a list, or the bytes of a binary value as numbers; null where reg.exe tells of neither.
function regParsed(text) {
  var m = /REG_(MULTI_SZ|BINARY)\s+(\S.*)/.exec(text), parts, list = [], i;
  if (!m) { return null; }
  parts = m[1] === "BINARY" ? m[2].match(/[0-9A-Fa-f]{2}/g) || [] : trim(m[2]).split("\\0");
  for (i = 0; i < parts.length; i++) {
    if (parts[i]) { list.push(m[1] === "BINARY" ? parseInt(parts[i], 16) : parts[i]); }
  }
  return list;
}
// type: REG_SZ (default), REG_EXPAND_SZ, REG_DWORD, REG_BINARY.
function regWrite(path, value, type) { wshShell().RegWrite(path, value, type || "REG_SZ"); }

// Deletes a value, or a key without subkeys when the path ends with a backslash; true when it was there.
function regDelete(path) {
  try {
    wshShell().RegDelete(path);
    return true;
  } catch (e) {
    if (errorNumber(e) === REG_MISSING) { return false; }
    if (errorNumber(e) === NOT_IMPLEMENTED) { return regDeleteByTool(path); }
    throw e;
  }
}
function regDeleteByTool(path) {
  var at = path.lastIndexOf("\\"), key = path.substring(0, at), name = path.substring(at + 1), run;
  note("registry", "deleted by reg.exe");
  if (name ? regValue(path) === null : regKeyExists(key) !== true) { return false; }
  if (!name && regSubKeys(key).length) { throw fail(key + " has subkeys"); } // reg.exe would take them along
  run = shellRun('reg delete "' + key + '" ' + (name ? '/v "' + name + '" ' : "") + "/f");
  if (run.exit_code !== 0) { throw fail(path + " was not deleted: " + trim(run.stdout)); }
  return true;
}

function regSplit(key) {
  var full = key.replace(/\\+$/, ""), at = full.indexOf("\\"), root = (at < 0 ? full : full.substring(0, at)).toUpperCase();
  if (typeof REG_ROOTS[root] === "undefined") { throw fail("unknown registry root in " + key); }
  return { root: REG_ROOTS[root], path: at < 0 ? "" : full.substring(at + 1) };
}
// Out-parameters of a StdRegProv method for a key; null when WMI does not work.
function regMethod(method, key) {
  var at = regSplit(key);
  if (!wmiAlive()) { return null; }
  try {
    if (regProvider === null) { regProvider = wmiConnect("root\\default").Get("StdRegProv"); }
    return wmiCall(regProvider, method, { hDefKey: at.root, sSubKeyName: at.path });
  } catch (e) {
    note("registry", "StdRegProv." + method + " " + key + ": " + errorText(e));
    return null;
  }
}
// Lines of `reg query` for each key; [] when the key is missing, null when there is no reg.exe (Windows 2000).
function regQueryAll(keys) {
  var lines = [], found = [], runs, i;
  for (i = 0; i < keys.length; i++) { lines.push('reg query "' + keys[i].replace(/\\+$/, "") + '"'); }
  runs = tryValue(function () { return shellRunAll(lines); }, null);
  for (i = 0; i < keys.length; i++) { found.push(runs === null ? null : regQueried(keys[i], runs[i])); }
  return found;
}
function regQueried(key, run) {
  note("registry", "keys are listed by reg.exe");
  if (run.exit_code === 9009 || (run.exit_code !== 0 && /not recognized/.test(run.stdout))) {
    note("registry", key + ": neither WMI nor reg.exe can list it");
    return null;
  }
  return run.exit_code === 0 ? run.stdout.split(/\r?\n/) : [];
}
function regQuery(key) { return regQueryAll([key])[0]; }

// true, false, or null when nothing on this host can tell.
function regKeyExists(key) {
  var out, lines;
  try {
    wshShell().RegRead(key.replace(/\\+$/, "") + "\\");
    return true;
  } catch (e) { out = regMethod("EnumValues", key); } // a key without a default value reads like a missing one
  if (out !== null) { return out.ReturnValue === 0; }
  lines = regQuery(key);
  return lines === null ? null : lines.length > 0;
}
// Names of the keys right under a key; [] when it has none or is missing, null when nothing on this host can list.
function regSubKeys(key) { return regSubKeysAll([key])[0]; }
function regSubKeysAll(keys) {
  var found = [], lists, i, out;
  for (i = 0; i < keys.length; i++) {
    out = regMethod("EnumKey", keys[i]);
    if (out !== null) { found.push(out.ReturnValue === 0 ? safeArray(out.sNames) || [] : []); }
  }
  if (found.length === keys.length) { return found; }
  lists = regQueryAll(keys);
  for (found = [], i = 0; i < keys.length; i++) { found.push(lists[i] === null ? null : regNames(keys[i], lists[i])); }
  return found;
}
function regNames(key, lines) {
  var names = [], prefix = "\\" + regSplit(key).path.toLowerCase() + "\\", i, line;
  for (i = 0; i < lines.length; i++) {
    line = trim(lines[i]);
    if (/^HKEY_/.test(line) && line.toLowerCase().indexOf(prefix) > 0) {
      line = line.substring(line.toLowerCase().indexOf(prefix) + prefix.length);
      if (line && line.indexOf("\\") < 0) { names.push(line); }
    }
  }
  return names;
}
// {name: value} of a key ("" is the default value); {} when it is missing, null when nothing on this host can list.
function regValues(key) {
  var names = regValueNames(key), values = {}, base = key.replace(/\\+$/, "") + "\\", i;
  if (names === null) { return null; }
  for (i = 0; i < names.length; i++) { values[names[i]] = regValue(base + names[i]); }
  return values;
}
function regValueNames(key) {
  var out = regMethod("EnumValues", key), lines, names = [], i, m;
  if (out !== null) { return out.ReturnValue === 0 ? safeArray(out.sNames) || [] : []; }
  lines = regQuery(key);
  if (lines === null) { return null; }
  for (i = 0; i < lines.length; i++) {
    m = /^\s+(.*?)\s+REG_[A-Z_]+(\s|$)/.exec(lines[i]);
    if (m) { names.push(/^(<.*>|\(.*\))$/.test(m[1]) ? "" : m[1]); }
  }
  return names;
}
