// needs: files
function inspect(args) {
  var full = fso().GetAbsolutePathName(expand(args.path)), info = fileInfo(full), seen, i, kept;
  seen = { path: full, exists: info.exists, folder: info.folder, size: info.size, attributes: info.attributes,
    parent_exists: fso().FolderExists(fso().GetParentFolderName(full)), precious: [], files: 0, folders: 0, more: false, links: false };
  for (i = 0; i < args.precious.length; i++) {
    kept = expand(args.precious[i]);
    if (kept.indexOf('%') < 0) { seen.precious.push(kept); }
  }
  if (info.folder && args.limit > 0) { count(full, seen, args.limit); }
  return seen;
}
function count(path, seen, limit) {
  var names, i;
  if (fso().GetFolder(path).Attributes & 1024) {
    seen.links = true;
    return;
  }
  names = listFolder(path);
  seen.files += names.files.length;
  for (i = 0; i < names.folders.length; i++) {
    if (seen.files + seen.folders >= limit) {
      seen.more = true;
      return;
    }
    seen.folders++;
    count(path + '\\' + names.folders[i], seen, limit);
  }
}
function directory(args) {
  makeFolder(args.path);
  return {};
}
function touch(args) {
  if (!fso().FileExists(args.path)) { fso().CreateTextFile(args.path, false).Close(); }
  return {};
}
function remove(args) {
  return { there: !removePath(args.path) };
}
