// needs: files jobs verdicts
// How an installer is getting on: its job, and the end of its log. What the host looks like is asked of exchange_facts.js.

// logs_before is what an earlier call answered under "logs": a log that differs from it was written since then.
function progress(args) {
  var logs = hfLogs(args.logs), path, changed = null, before = args.logs_before || {};
  for (path in logs) {
    if (logs.hasOwnProperty(path) && logs[path] !== before[path]) { changed = path; }
  }
  return {
    utc: tryValue(utcNow, null),
    job: jobState({ name: args.job }),
    logs: logs,
    log: changed,
    tail: changed === null ? null : tryValue(function () { return readTail(changed, args.bytes); }, null)
  };
}

// {path: "size modified"} of those that exist: comparing texts needs no clock.
function hfLogs(paths) {
  var logs = {}, i, info;
  for (i = 0; i < paths.length; i++) {
    info = tryValue(function () { return fileInfo(paths[i]); }, null);
    if (info !== null && info.exists) { logs[info.path.toLowerCase()] = info.size + ' ' + info.modified; }
  }
  return logs;
}

// {name, ok, meaning} -> the job, its end written down as seen and judged.
function judge(args) { return jobJudge(args); }
