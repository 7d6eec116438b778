// needs: files
function look(args) {
  if (args.path) { return { found: fileInfo(args.path).exists ? 'present' : 'absent' }; }
  return { found: listens(args.port) ? 'listening' : 'absent' };
}
// A listening socket shows a foreign port 0, whatever the language of the word LISTENING.
function listens(port) {
  var run = shellRun('netstat -an'), lines = run.stdout.split(/\r?\n/), i, m;
  if (run.exit_code !== 0) { throw fail('netstat ended with ' + run.exit_code + ': ' + trim(run.stdout).substring(0, 200)); }
  for (i = 0; i < lines.length; i++) {
    m = /^\s*TCP\s+\S+:(\d+)\s+\S+:0(\s|$)/i.exec(lines[i]);
    if (m && parseInt(m[1], 10) === port) { return true; }
  }
  return false;
}
