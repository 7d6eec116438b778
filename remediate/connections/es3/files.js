// needs: wmi
// Files and folders by the FileSystemObject. Paths may hold %VARIABLES%.

// {path, exists, folder, size, version, modified, attributes}; a field that cannot be read is null with a note.
function fileInfo(path) {
  var full = expand(path), info, item;
  info = { path: full, exists: false, folder: false, size: null, version: "", modified: null, attributes: null };
  if (fso().FolderExists(full)) {
    info.folder = true;
    item = tryValue(function () { return fso().GetFolder(full); }, null);
  } else if (fso().FileExists(full)) {
    item = tryValue(function () { return fso().GetFile(full); }, null);
  } else { return info; }
  info.exists = true;
  if (item === null) {
    note("file", full + ": is there but cannot be opened");
    return info;
  }
  info.modified = fileField(full, "date", function () { return isoUtc(new Date(item.DateLastModified)); });
  info.attributes = fileField(full, "attributes", function () { return item.Attributes; });
  if (!info.folder) {
    info.size = fileField(full, "size", function () { return item.Size; });
    info.version = fileField(full, "version", function () { return versionOf(full); });
  }
  return info;
}
// "" for a file without a version resource, which some hosts (Wine) take for an error: 0x80070714 to 0x80070716.
function versionOf(path) {
  try { return trim(fso().GetFileVersion(path)); } catch (e) {
    if (errorNumber(e) >= -2147023084 && errorNumber(e) <= -2147023082) { return ""; }
    throw e;
  }
}
function fileField(path, what, fn) {
  try { return fn(); } catch (e) {
    note("file", path + ": " + what + ": " + errorText(e));
    return null;
  }
}

// The last bytes of a text file, UTF-16 (by its byte order mark) or the host's code page; null when it is missing.
function readTail(path, bytes) {
  var full = expand(path), size, wide, skip;
  if (!fso().FileExists(full)) { return null; }
  size = fso().GetFile(full).Size;
  if (size === 0) { return ""; }
  wide = size > 3 && tryValue(function () { return isWide(full); }, false);
  skip = wide ? Math.floor((size - 2 - bytes) / 2) : size - bytes; // the byte order mark is no character
  return readFrom(full, skip, wide, wide ? Math.ceil(bytes / 2) : bytes);
}
function isWide(path) {
  var stream = fso().OpenTextFile(path, 1, false, 0), head;
  try { head = stream.Read(8); } finally { stream.Close(); }
  // the byte order mark reads like this in code page 1252 only, the zeros of ASCII letters in all
  return /^\xff\xfe/.test(head) || /\x00/.test(head);
}
function readFrom(path, skip, wide, most) {
  var stream = fso().OpenTextFile(path, 1, false, wide ? -1 : 0), text;
  try {
    try {
      if (skip > 0) { stream.Skip(skip); }
      return stream.AtEndOfStream ? "" : stream.ReadAll();
    } catch (e) {
      stream.Close(); // a double-byte code page has fewer characters than bytes, and not every host can Skip
      stream = fso().OpenTextFile(path, 1, false, wide ? -1 : 0);
      text = stream.ReadAll();
      return text.substring(Math.max(0, text.length - most));
    }
  } finally { tryValue(function () { stream.Close(); }, null); }
}

// Writes a text file anew: in the host's code page, or UTF-16 when a character does not fit there.
function writeText(path, text) {
  var full = expand(path), wide = /[^\x00-\x7f]/.test(text), stream = fso().CreateTextFile(full, true, wide);
  try { stream.Write(text); } finally { stream.Close(); }
}
// Makes a folder with its parents; no error when it is there.
function makeFolder(path) {
  var full = expand(path).replace(/\\+$/, ""), parent = fso().GetParentFolderName(full);
  if (fso().FolderExists(full)) { return; }
  if (parent && !fso().FolderExists(parent)) { makeFolder(parent); }
  newFolder(full);
}
// True only for the one who made the folder, whoever tries at the same moment. Throws when it cannot be made at all.
function newFolder(path) {
  var full = expand(path);
  try {
    fso().CreateFolder(full);
    return true;
  } catch (e) {
    if (fso().FolderExists(full)) { return false; }
    throw fail("folder " + full + " cannot be made: " + errorText(e));
  }
}
// Gives a folder another name beside itself; throws when that name is taken.
function renameFolder(path, name) {
  var run;
  try { fso().MoveFolder(path, fso().GetParentFolderName(path) + "\\" + name); } catch (e) {
    if (errorNumber(e) !== NOT_IMPLEMENTED) { throw e; }
    note("file", "folders renamed by ren");
    run = shellRun('ren "' + path + '" "' + name + '"');
    if (run.exit_code !== 0 || fso().FolderExists(path)) { throw fail(path + ": cannot be renamed: " + trim(run.stdout)); }
  }
}
// Bytes free to us on the drive of a path ("C:" or any path on it); null with a note when unknown.
function freeBytes(drive) {
  try { return fso().GetDrive(fso().GetDriveName(expand(drive)) || expand(drive)).AvailableSpace; } catch (e) {
    note("drive", drive + ": " + errorText(e));
    return null;
  }
}
// Removes a file or a folder with all in it; true when it is gone afterwards.
function removePath(path) {
  var full = expand(path);
  try {
    if (fso().FileExists(full)) { fso().DeleteFile(full, true); }
    if (fso().FolderExists(full)) { fso().DeleteFolder(full, true); }
  } catch (e) { note("file", full + ": cannot be removed: " + errorText(e)); }
  return !fso().FileExists(full) && !fso().FolderExists(full);
}
// Names in a folder: {files, folders}, or null when it is missing.
function listFolder(path) {
  var full = expand(path), folder;
  if (!fso().FolderExists(full)) { return null; }
  try {
    folder = fso().GetFolder(full);
    return { files: namesOf(folder.Files), folders: namesOf(folder.SubFolders) };
  } catch (e) { // Wine cannot enumerate
    note("file", full + ": listed by dir: " + errorText(e));
    return { files: dirNames(full, "/a-d"), folders: dirNames(full, "/ad") };
  }
}
function namesOf(collection) {
  var names = [], e;
  for (e = new Enumerator(collection); !e.atEnd(); e.moveNext()) { names.push(e.item().Name); }
  return names;
}
function dirNames(path, kind) {
  var run = shellRun('dir /b ' + kind + ' "' + path + '"'), lines, names = [], i;
  if (run.exit_code !== 0) { return names; }
  lines = run.stdout.split(/\r?\n/);
  for (i = 0; i < lines.length; i++) { if (trim(lines[i])) { names.push(trim(lines[i])); } }
  return names;
}
// -1, 0, 1 for dotted versions; a missing part counts as 0.
function compareVersions(a, b) {
  var left = String(a).split("."), right = String(b).split("."), i, x, y;
  for (i = 0; i < Math.max(left.length, right.length); i++) {
    x = parseInt(left[i] || "0", 10);
    y = parseInt(right[i] || "0", 10);
    if (x !== y) { return x < y ? -1 : 1; }
  }
  return 0;
}
