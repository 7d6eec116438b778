// needs: registry
// One registry value with its type, and whole keys: what WshShell alone cannot do, with its fallbacks.
function inspect(args) {
  var seen = args.name === null ? { exists: false, type: '', value: null } : regTyped(args.key, args.name, regTypes(args.key));
  seen.key_exists = seen.exists || regKeyExists(args.key) === true;
  seen.expanded = expand(args.text);
  return seen;
}
function write(args) {
  regWriteTyped(args.key, args.name, args.type, args.value);
  return {};
}
function create(args) {
  regCreateKey(args.key);
  return {};
}
// Deletes one value, or with name null the whole key.
function remove(args) {
  if (args.name !== null) {
    regDelete(args.key + '\\' + args.name);
    return {};
  }
  return { gone: regDeleteTree(args.key) };
}
// For win_reg_stat: one value, or a key with all its values and the names of its subkeys.
function stat(args) {
  var types = regTypes(args.key), there, names, found, i;
  if (args.name !== null) { return regTyped(args.key, args.name, types); }
  there = regKeyExists(args.key) === true;
  found = { exists: there, properties: {}, sub_keys: there ? regSubKeys(args.key) : [] };
  names = there ? regValueNames(args.key) : [];
  for (i = 0; names !== null && i < names.length; i++) {
    there = regTyped(args.key, names[i], types);
    found.properties[names[i]] = { type: there.type, value: there.value };
  }
  return found;
}

var REG_TYPES = { 1: 'REG_SZ', 2: 'REG_EXPAND_SZ', 3: 'REG_BINARY', 4: 'REG_DWORD', 7: 'REG_MULTI_SZ', 11: 'REG_QWORD' };

// {value name in lower case: type} of a key; null when nothing on this host can tell.
function regTypes(key) {
  var out = regMethod('EnumValues', key), types = {}, names, kinds, i;
  if (out === null) { return null; }
  names = out.ReturnValue === 0 ? safeArray(out.sNames) : null;
  kinds = names === null ? null : safeArray(out.Types);
  for (i = 0; kinds !== null && i < names.length; i++) { types[names[i].toLowerCase()] = REG_TYPES[kinds[i]] || 'type ' + kinds[i]; }
  return types;
}
// The type a value read by WshShell most likely has, when WMI cannot tell.
function regGuess(value) {
  if (typeof value === 'number') { return 'REG_DWORD'; }
  if (value instanceof Array) { return typeof value[0] === 'number' ? 'REG_BINARY' : 'REG_MULTI_SZ'; }
  return '';
}
// {exists, type, value}; type is "" when it cannot be told. A DWORD is 0 to 4294967295.
function regTyped(key, name, types) {
  var value = regValue(key + '\\' + name);
  if (value === null) { return { exists: false, type: '', value: null }; }
  if (typeof value === 'number' && value < 0) { value += 4294967296; }
  return { exists: true, type: types === null ? regGuess(value) : types[name.toLowerCase()] || regGuess(value), value: value };
}
function regCreateKey(key) {
  if (regMethod('CreateKey', key) !== null || regKeyExists(key)) { return; }
  note('registry', key + ': made by WshShell, which also sets its default value to an empty text');
  regWrite(key + '\\', '', 'REG_SZ');
}
// A SAFEARRAY of variants from a JScript array: COM takes no other.
function regArray(list) {
  var dictionary = new ActiveXObject('Scripting.Dictionary'), i;
  for (i = 0; i < list.length; i++) { dictionary.Add(i, list[i]); }
  return dictionary.Items();
}
function regHexText(bytes) {
  var text = '', i;
  for (i = 0; i < bytes.length; i++) { text += (bytes[i] < 16 ? '0' : '') + bytes[i].toString(16); }
  return text;
}
function regWriteTyped(key, name, type, value) {
  var path = key + '\\' + name, run;
  if (type === 'REG_DWORD') {
    regWrite(path, value > 2147483647 ? value - 4294967296 : value, type);
  } else if (type !== 'REG_BINARY' && type !== 'REG_MULTI_SZ') {
    regWrite(path, value, type);
  } else if (!regWriteArray(key, name, type, value)) {
    note('registry', path + ': written by reg.exe');
    run = shellRun('reg add "' + key + '" /v "' + name + '" /t ' + type + ' /d "' +
      (type === 'REG_BINARY' ? regHexText(value) : value.join('\\0')) + '" /f');
    if (run.exit_code !== 0) { throw fail(path + ' cannot be written: WMI does not work and reg.exe says: ' + trim(run.stdout)); }
  }
}
// True when StdRegProv wrote it; false when WMI does not work here.
function regWriteArray(key, name, type, value) {
  var method = type === 'REG_BINARY' ? 'SetBinaryValue' : 'SetMultiStringValue', at = regSplit(key), inputs, code;
  if (!wmiAlive()) { return false; }
  regCreateKey(key);
  inputs = { hDefKey: at.root, sSubKeyName: at.path, sValueName: name };
  inputs[type === 'REG_BINARY' ? 'uValue' : 'sValue'] = regArray(value);
  code = wmiCall(wmiConnect('root\\default').Get('StdRegProv'), method, inputs).ReturnValue;
  if (code !== 0) { throw fail(key + '\\' + name + ': ' + method + ' answered ' + code); }
  return true;
}
// Deletes a key with all below it; true when it is gone.
function regDeleteTree(key) {
  var below = regSubKeys(key), i;
  if (below === null) { throw fail(key + ': its subkeys cannot be listed on this host, so it is not deleted'); }
  for (i = 0; i < below.length; i++) { regDeleteTree(key + '\\' + below[i]); }
  regDelete(key + '\\');
  return !regKeyExists(key);
}
