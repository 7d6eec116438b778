// needs: files
// Files to and from a host whose road in has no file transfer: base64 text on the wire, ADODB.Stream and MSXML on the host.
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

function pieceName(args, number) { return expand(args.target) + "." + args.key + "." + number; }

// {path, key, sizes}: the folder above is made; {path, free, there: numbers of the pieces that are on the host whole}.
function prepareTarget(args) {
  var path = expand(args.path), there = [], piece, i;
  makeFolder(fso().GetParentFolderName(path));
  for (i = 0; i < args.sizes.length; i++) {
    piece = pieceName({ target: path, key: args.key }, i);
    if (fso().FileExists(piece) && fso().GetFile(piece).Size === args.sizes[i]) { there.push(i); }
  }
  return { path: path, free: freeBytes(path), there: there };
}
// {target, key, number, size}: the base64 in the comment this script begins with becomes one piece, whole or not at all.
function takePiece(args) {
  var path = pieceName(args, args.number), part = path + "." + remediateNonce, stream = binaryStream();
  try {
    decodeComment(stream, args.size);
    if (stream.Size !== args.size) { throw fail(path + ": " + stream.Size + " bytes arrived, " + args.size + " were sent"); }
    stream.SaveToFile(part, 2);
  } catch (e) {
    removeQuietly(part);
    throw e;
  } finally { stream.Close(); }
  moveOver(part, path);
  return { path: path, size: fso().GetFile(path).Size };
}
// The text of size bytes; what a lost line leaves is either no base64 or of another size. Plain split and join: a script
// host takes a third of all its time to run a regular expression over so much.
function decodeComment(stream, size) {
  var text = fso().OpenTextFile(expand(remediateScript), 1, false, 0), element = base64Element(), rest = "", whole;
  var left = Math.ceil(size / 3) * 4;
  try {
    while (text.ReadLine() !== "/*data") { whole = 0; }
    while (left > 0) {
      rest += text.Read(262144).split("\r").join("").split("\n").join("");
      whole = Math.min(rest.length - rest.length % 4, left);
      if (whole) {
        element.text = rest.substring(0, whole);
        stream.Write(element.nodeTypedValue);
        rest = rest.substring(whole);
        left -= whole;
      }
    }
  } finally { text.Close(); }
}
function moveOver(source, target) {
  if (fso().FileExists(target)) { fso().DeleteFile(target, true); }
  fso().MoveFile(source, target);
}
// {target, key, count, size}: all pieces become the target. The first piece goes first: without it the work is done.
function joinPieces(args) {
  var target = expand(args.target), part = target + "." + remediateNonce + ".part", stream, i;
  var done = args.count > 0 && !fso().FileExists(pieceName(args, 0)) && fso().FileExists(target);
  if (!done) {
    stream = binaryStream();
    try {
      for (i = 0; i < args.count; i++) { addPiece(stream, pieceName(args, i)); }
      if (stream.Size !== args.size) { throw fail(target + ": " + stream.Size + " bytes arrived, " + args.size + " were sent"); }
      stream.SaveToFile(part, 2);
    } catch (e) {
      removeQuietly(part);
      throw e;
    } finally { stream.Close(); }
    moveOver(part, target);
  }
  for (i = 0; i < args.count; i++) { removeQuietly(pieceName(args, i)); }
  return { path: target, size: fso().GetFile(target).Size };
}
function addPiece(stream, path) {
  var piece = binaryStream();
  try {
    piece.LoadFromFile(path);
    stream.Write(piece.Read());
  } finally { piece.Close(); }
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
