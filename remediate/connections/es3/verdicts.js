// needs: files registry jobs
// What became of a job's work, written into its folder (judged.txt) once its end was seen: later runs go by it.

// {name, ok, meaning} -> the job with judged: {at, ok, exit_code, meaning, files: [{name, before, now, waiting}]}.
// The files are those of the job's record, {name, path, version}: what they were right before the start.
function jobJudge(args) {
  var seen = jobLook(args.name), verdict;
  if (seen.phase !== "finished" && seen.phase !== "lost") { return seen; }
  verdict = { at: utcNow(), ok: args.ok === true, exit_code: seen.exit_code, meaning: String(args.meaning).substring(0, 500),
    files: verdictFiles(seen.record.files || []) };
  writeText(seen.folder + "\\judged.txt", toJson(verdict));
  seen.judged = verdict;
  return seen;
}
function verdictFiles(files) {
  var list = [], waiting = pendingTargets(), i, info;
  for (i = 0; i < files.length; i++) {
    info = files[i].path ? tryValue(fileReader(files[i].path), null) : null;
    list.push({ name: files[i].name, before: files[i].version, now: info === null ? null : info.version,
      waiting: files[i].path ? waiting[expand(files[i].path).toLowerCase()] === true : false });
  }
  return list;
}
function fileReader(path) { return function () { return fileInfo(path); }; }

// [{from, to}]: what Windows renames at its next start; "to" is "" for what is only deleted then.
function pendingRenames() {
  var raw = tryValue(function () {
    return regValue("HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\PendingFileRenameOperations");
  }, null), renames = [], i;
  for (i = 0; raw !== null && typeof raw === "object" && i < raw.length; i += 2) {
    renames.push({ from: pendingPath(raw[i]), to: raw[i + 1] ? pendingPath(raw[i + 1]) : "" });
  }
  return renames;
}
function pendingPath(text) { return String(text).replace(/^!/, "").replace(/^\\\?\?\\/, ""); }
// {lower-case path: true} of the files that wait for it.
function pendingTargets() {
  var renames = pendingRenames(), found = {}, i;
  for (i = 0; i < renames.length; i++) { if (renames[i].to) { found[renames[i].to.toLowerCase()] = true; } }
  return found;
}

// [job, ...] as jobList has them, each with judged: what was written down of it, or null.
function jobsJudged() {
  var jobs = jobList(), i;
  for (i = 0; i < jobs.length; i++) { jobs[i].judged = fromJson(jobText(jobs[i].folder, "judged.txt")); }
  return jobs;
}
