// needs: files
// What lies at the place of a package, what else there has its hash in its name, where it comes from; and its way there.

// {path, source, prefix}: source is "" or a path the host reads; prefix is the start of the package's hash.
function inspect(args) {
  return {
    staged: fileInfo(args.path),
    others: psNamed(args.path, args.prefix),
    source: args.source ? psSource(args.source) : null,
    free: freeBytes(args.path)
  };
}

// Files beside path whose names begin with prefix, path itself left out.
function psNamed(path, prefix) {
  var full = expand(path), folder = fso().GetParentFolderName(full), found = [], listed, i, name;
  listed = tryValue(function () { return listFolder(folder); }, null);
  for (i = 0; prefix && listed !== null && i < listed.files.length; i++) {
    name = listed.files[i];
    if (name.substring(0, prefix.length + 1) === prefix + '-' && full.toLowerCase() !== (folder + '\\' + name).toLowerCase()) {
      if (!/\.part$/.test(name)) { found.push(fileInfo(folder + '\\' + name)); }
    }
  }
  return found;
}

function psSource(path) {
  try { return fileInfo(path); } catch (e) {
    note('source', path + ': ' + errorText(e));
    return { path: path, exists: false, folder: false, size: null, version: '', modified: null, attributes: null };
  }
}

// {source, target}: the host's own copy, whole or not at all.
function copy(args) {
  var target = expand(args.target), part = target + '.part';
  makeFolder(fso().GetParentFolderName(target));
  fso().CopyFile(expand(args.source), part, true);
  if (fso().FileExists(target)) { fso().DeleteFile(target, true); }
  fso().MoveFile(part, target);
  return { path: target, size: fso().GetFile(target).Size };
}

// {path}: what arrived and is not the package goes away again.
function discard(args) {
  return { gone: removePath(args.path) };
}
