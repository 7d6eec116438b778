// needs: files
// Files to and from a host whose SSH server has no SFTP: base64 text on the wire, ADODB.Stream and MSXML on the host.
// likely: both are on every Windows 2000 and later.
function base64Element() {
  var element = new ActiveXObject("MSXML2.DOMDocument").createElement("b");
  element.dataType = "bin.base64";
  return element;
}
function binaryStream() {
  var stream = new ActiveXObject("ADODB.Stream");
  stream.Type = 1;
  stream.Open();
  return stream;
}

// {source, target, size}: decodes lines of base64 into target, whole or not at all. Each line is whole quadruples.
function decodeFile(args) {
  var source = expand(args.source), target = expand(args.target), stream = binaryStream(), element = base64Element(), text, lines, line;
  try {
    text = fso().OpenTextFile(source, 1, false, 0);
    try {
      while (!text.AtEndOfStream) {
        lines = [];
        while (lines.length < 64 && !text.AtEndOfStream) {
          line = trim(text.ReadLine());
          if (line) { lines.push(line); }
        }
        if (lines.length) {
          element.text = lines.join("");
          stream.Write(element.nodeTypedValue);
        }
      }
    } finally { text.Close(); }
    if (stream.Size !== args.size) { throw fail(target + ": " + stream.Size + " bytes arrived, " + args.size + " were sent"); }
    stream.SaveToFile(target + ".part", 2);
  } finally {
    stream.Close();
    removeQuietly(source);
  }
  return placeFile({ source: target + ".part", target: target });
}
// {source, target}: the one takes the place of the other.
function placeFile(args) {
  var source = expand(args.source), target = expand(args.target);
  if (fso().FileExists(target)) { fso().DeleteFile(target, true); }
  fso().MoveFile(source, target);
  return { path: target, size: fso().GetFile(target).Size };
}
// {path}: its parent folder is made; both as the host sees them.
function prepareTarget(args) {
  var path = expand(args.path);
  makeFolder(fso().GetParentFolderName(path));
  return { path: path, free: freeBytes(path) };
}
// {path, offset, count}: {size, base64, offset}; a negative offset counts from the end.
function encodePart(args) {
  var path = expand(args.path), stream, element, size, offset;
  if (!fso().FileExists(path)) { throw fail("there is no file " + path); }
  size = fso().GetFile(path).Size;
  offset = args.offset < 0 ? Math.max(0, size + args.offset) : args.offset;
  if (offset >= size) { return { size: size, offset: offset, base64: "" }; }
  stream = binaryStream();
  element = base64Element();
  try {
    stream.LoadFromFile(path);
    stream.Position = offset;
    element.nodeTypedValue = stream.Read(args.count);
  } finally { stream.Close(); }
  return { size: size, offset: offset, base64: element.text.replace(/\s/g, "") };
}
// {path} -> {path, size}; size is null when there is no such file.
function fileSize(args) {
  var path = expand(args.path);
  return { path: path, size: fso().FileExists(path) ? fso().GetFile(path).Size : null };
}
// {paths: [..]} -> {paths: [..]} with %VARIABLES% replaced.
function expandPaths(args) {
  var out = [], i;
  for (i = 0; i < args.paths.length; i++) { out.push(expand(args.paths[i])); }
  return { paths: out };
}
