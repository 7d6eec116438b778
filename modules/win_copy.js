// needs: files
function inspect(args) {
  var dest = expand(args.dest).replace(/\//g, '\\'), info, parent;
  if (args.name && (/\\$/.test(dest) || fso().FolderExists(dest))) { dest = fso().BuildPath(dest, args.name); }
  info = fileInfo(dest);
  parent = fso().GetParentFolderName(dest);
  return {
    dest: dest, exists: info.exists, folder: info.folder, size: info.size, modified: info.modified, version: info.version,
    parent_exists: fso().FolderExists(parent), free: fso().FolderExists(parent) ? freeBytes(dest) : null
  };
}
// The same call made twice finds its own copy and makes no second one.
function backup(args) {
  var file = fso().GetFile(args.path), name = args.path + '.' + utcNow().replace(/[\-:]/g, '') + '.bak';
  if (!fso().FileExists(name)) { file.Copy(name, false); }
  return { backup_file: name };
}
