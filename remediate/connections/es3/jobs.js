// needs: files hash registry services wmi
// Detached jobs: programs that live without the connection. The job's folder is the mutex; its marker files say how far
// it came: starting.txt (a starter is at work: UTC time and its token), started.txt (launched: pid), claimed (a folder: the
// wrapper that made it is the only one that goes on), running.txt (its next act), exit.txt (its last, by rename), cancelled.txt, settled.txt (somebody has dealt with the outcome).
var JOB_PATIENCE = 120; // seconds a starter may take before another may take over
var GUARD_SECONDS = 45; // of these for hashing the package once more

function jobRoot() { return toolkitFolder() + "\\jobs"; }
function jobFolder(name) {
  if (!/^[A-Za-z0-9_\-]{1,60}$/.test(name)) { throw fail("a job's name is made of letters, digits, - and _ only: " + name); }
  return jobRoot() + "\\" + name;
}
function jobText(folder, file) {
  return trim(tryValue(function () { return readAll(folder + "\\" + file, 200000); }, ""));
}
function jobHas(folder, file) { return fso().FileExists(folder + "\\" + file); }

// {name, command, guard, record, token} -> the job, or {refused, remedy}. Only one caller ever starts it; the others adopt.
function jobStart(args) {
  var folder = jobFolder(args.name), round, seen, token = args.token || remediateNonce;
  makeFolder(jobRoot());
  for (round = 0; round < 40; round++) {
    seen = jobLook(args.name);
    if (seen.phase === "absent") {
      if (newFolder(folder)) { return jobBegin(args, folder, token); }
    } else if (seen.never_started || seen.settled) {
      jobArchive(folder, args.name); // atomic: one of several callers succeeds, the others look again
    } else if (seen.starting && round < 30) {
      pause(500);
    } else {
      seen.adopted = seen.token !== token;
      return seen;
    }
  }
  throw fail("job " + args.name + ": its folder " + folder + " can be neither used nor put aside");
}
function jobArchive(folder, name) {
  var n = 1;
  while (fso().FolderExists(folder + "." + n)) { n++; }
  try { renameFolder(folder, name + "." + n); } catch (e) {
    note("jobs", name + ": " + errorText(e));
    pause(200);
  }
}

// We own the new folder: guard, remember, launch. Nothing stays behind when the guard says no. A guard may take so long that
// another takes the job over: the folder of that name is his then, and nothing in it is touched any more.
function jobBegin(args, folder, token) {
  var refused, services = [], record = args.record || {}, way;
  try {
    jobStarting(folder, token);
    refused = guardRefusal(args.guard || {});
    if (refused === null) {
      if (record.services) { services = serviceInfo(record.services); }
      if (!jobOurs(folder, token)) { throw fail("job " + args.name + ": the start took too long and was taken over"); }
      jobStarting(folder, token);
      writeText(folder + "\\run.cmd", jobWrapper(folder, args.command));
      writeText(folder + "\\job.json", toJson({ command: expand(args.command), token: token, record: record,
        services_before: services }));
    }
  } catch (e) {
    jobGiveUp(folder, token);
    throw e;
  }
  if (refused !== null) {
    jobGiveUp(folder, token);
    return refused;
  }
  way = jobLaunch(folder);
  writeText(folder + "\\started.txt", way.pid + " " + way.by + " " + utcNow());
  way = jobLook(args.name);
  way.adopted = false;
  return way;
}
function jobOurs(folder, token) { return jobText(folder, "starting.txt").indexOf(token) >= 0; }
function jobGiveUp(folder, token) { if (!jobHas(folder, "starting.txt") || jobOurs(folder, token)) { removePath(folder); } }
function jobStarting(folder, token) { writeText(folder + "\\starting.txt", utcNow() + " " + token); }

// A command with redirections or several commands gets a shell of its own: they must not touch the wrapper's.
function jobWrapper(folder, command) {
  var line = expand(command).replace(/%/g, "%%"), call = /\.(cmd|bat)$/i.test(jobProgram(line)) ? "call " : "";
  if (/[&|<>]/.test(line.replace(/"[^"]*"/g, ""))) { line = expand("%ComSpec%") + ' /c "' + line + '"'; call = ""; }
  return "@echo off\r\n" +
    // launched twice by mistake it still runs once; Wine knows no ||
    'md "' + folder + '\\claimed" 2>nul\r\nif errorlevel 1 exit\r\n' +
    'echo running > "' + folder + '\\running.txt"\r\n' +
    call + line + ' > "' + folder + '\\output.txt" 2>&1\r\n' +
    'echo %errorlevel% > "' + folder + '\\exit.tmp"\r\n' +
    'ren "' + folder + '\\exit.tmp" exit.txt\r\n';
}
// The program of a command line, without quotes.
function jobProgram(command) {
  var m = /^\s*"([^"]+)"/.exec(command) || /^\s*(\S+)/.exec(command);
  return m ? m[1] : "";
}
function jobLaunch(folder) {
  // quotes twice: cmd.exe takes the outer ones off when there is a & or a bracket in the folder's name
  var line = expand("%ComSpec%") + ' /c ""' + folder + '\\run.cmd""', pid = 0;
  try { pid = createProcess(line); } catch (e) {
    note("jobs", "Win32_Process.Create: " + errorText(e));
    pause(3000); // it may have started all the same
    if (jobHas(folder, "running.txt")) { return { pid: 0, by: "wmi" }; }
  }
  if (pid) { return { pid: pid, by: "wmi" }; }
  note("jobs", "started by the script host, since WMI does not work");
  wshShell().Run(line, 0, false);
  return { pid: 0, by: "shell" };
}

// null when the guard lets the start pass, else {refused, remedy}.
function guardRefusal(guard) {
  return guardFiles(guard.files || []) || guardPackage(guard["package"]) || guardProcesses(guard.not_running || []) ||
    guardSpace(guard.free_bytes || 0);
}
function refusal(reason, remedy) { return { refused: reason, remedy: remedy }; }
function guardFiles(files) {
  var i, f, info;
  for (i = 0; i < files.length; i++) {
    f = files[i];
    info = fileInfo(f.path);
    if (!info.exists) { return refusal(info.path + " is not there", "look at the host again: it has changed since it was inspected"); }
    if (!info.version) { return refusal("the version of " + info.path + " cannot be read", "close what holds the file, then run again"); }
    if (f.at_least && compareVersions(info.version, f.at_least) < 0) {
      return refusal(info.path + " is " + info.version + ", the package needs " + f.at_least + " or later", "choose the package for this branch; run again");
    }
    if (f.below && compareVersions(info.version, f.below) >= 0) {
      return refusal(info.path + " is " + info.version + ", the package is for builds below " + f.below, "run again: the host has changed since it was inspected");
    }
  }
  return null;
}
function guardPackage(wanted) {
  var info;
  if (!wanted) { return null; }
  info = fileInfo(wanted.path);
  if (!info.exists) { return refusal("the package " + info.path + " is not on the host", "run again, so that it is staged again"); }
  if (typeof wanted.size === "number" && info.size !== wanted.size) {
    return refusal("the package " + info.path + " has " + info.size + " bytes, not " + wanted.size, "delete it on the host and run again");
  }
  if (wanted.version && compareVersions(info.version || "0", wanted.version) !== 0) {
    return refusal("the package " + info.path + " is version " + (info.version || "unknown") + ", not " + wanted.version, "check the package file and its declared version");
  }
  if (wanted.modified && info.modified !== wanted.modified) {
    return refusal("the package " + info.path + " was written again at " + info.modified + ", after it was checked", "run again, so that it is checked again; if it stays so, see who writes there");
  }
  return wanted.sha256 ? guardHash(info.path, wanted.sha256) : null;
}
// Its very bytes, where this host can tell them in time; a large package on a host without certutil is told by the above.
function guardHash(path, wanted) {
  var found = hashWithin(path, GUARD_SECONDS);
  if (found === null) {
    note("jobs", path + " was not hashed again right before its start: that takes too long here; its size, version and time of last write are those it had when it was hashed");
    return null;
  }
  if (found === wanted) { return null; }
  return refusal("the package " + path + " is another file than was checked: its SHA-256 is " + found + ", not " + wanted, "delete it on the host and run again; if it stays so, see who writes there");
}
function guardProcesses(names) {
  var list, i, j;
  if (!names.length) { return null; }
  list = processes();
  if (list === null) {
    note("jobs", "WMI does not work: whether " + names.join(", ") + " run could not be checked");
    return null;
  }
  for (i = 0; i < list.length; i++) {
    for (j = 0; j < names.length; j++) {
      if (String(list[i].name).toLowerCase() === names[j].toLowerCase()) {
        return refusal(list[i].name + " (pid " + list[i].pid + ") is running: another installation is under way", "wait for it to end, then run again");
      }
    }
  }
  return null;
}
function guardSpace(bytes) {
  var free = bytes ? freeBytes("%SystemDrive%") : null;
  if (free === null || free >= bytes) { return null; }
  return refusal("only " + free + " bytes are free on " + expand("%SystemDrive%") + ", " + bytes + " are needed", "free space on that drive, then run again");
}

// {name} -> {name, phase, exit_code, started, settled, ...}; phase absent, running, finished, lost.
function jobState(args) { return jobLook(args.name); }
function jobLook(name) {
  var folder = jobFolder(name), seen;
  if (!fso().FolderExists(folder)) { return { name: name, phase: "absent", exit_code: null, started: "", settled: false, folder: folder }; }
  seen = jobRead(folder, name);
  if (seen.phase === "running" && !seen.starting && !jobAlive(folder, seen)) {
    pause(1500); // between the wrapper's first act and the program, or the program's end and the wrapper's last act
    seen = jobRead(folder, name);
    if (seen.phase === "running" && !jobAlive(folder, seen)) { seen.phase = "lost"; }
  }
  if (seen.phase === "finished" || seen.phase === "lost") {
    seen.output = tryValue(function () { return readTail(folder + "\\output.txt", 4000); }, null) || "";
  }
  return seen;
}
function jobRead(folder, name) {
  var data = fromJson(jobText(folder, "job.json")) || {}, starting = jobText(folder, "starting.txt").split(" "), exit, launched, age;
  var seen = { name: name, phase: "running", exit_code: null, started: starting[0], settled: jobHas(folder, "settled.txt"), folder: folder,
    token: starting[1] || "", command: data.command || "", record: data.record || {}, services_before: data.services_before || [],
    pid: 0, cancelled: jobHas(folder, "cancelled.txt"), starting: false, never_started: false };
  launched = jobText(folder, "started.txt").split(" ");
  seen.pid = parseInt(launched[0], 10) || 0;
  if (jobHas(folder, "exit.txt")) { // read only once it is there: it may appear between two looks
    exit = jobText(folder, "exit.txt");
    if (!/^-?\d+$/.test(exit)) { // somebody else holds it for a moment
      pause(300);
      exit = jobText(folder, "exit.txt");
    }
    seen.phase = "finished";
    seen.exit_code = /^-?\d+$/.test(exit) ? parseInt(exit, 10) : null;
  } else if (seen.cancelled) {
    seen.phase = "lost";
  } else if (!jobHas(folder, "running.txt")) {
    age = jobAge(folder, seen.started);
    if (age <= JOB_PATIENCE) { seen.starting = true; } else if (!jobAlive(folder, seen)) {
      seen.phase = "lost";
      seen.never_started = true;
    }
  }
  return seen;
}
// Seconds since the start began, by the host's clock; a clock set back counts as long ago.
function jobAge(folder, started) {
  var then = isoToTime(started), made;
  if (isNaN(then)) {
    made = tryValue(function () { return isoUtc(new Date(fso().GetFolder(folder).DateCreated)); }, "");
    then = isoToTime(made);
  }
  return isNaN(then) ? JOB_PATIENCE + 1 : Math.abs(new Date().getTime() - then) / 1000;
}

// Whether the wrapper or the program itself still runs, even when one of them is gone.
function jobAlive(folder, seen) {
  var list = processes(), program = jobProgram(seen.command), i;
  if (list === null) {
    // the wrapper is between its first act and the program, which on a busy host may take it seconds
    if (!jobHas(folder, "output.txt")) { return jobAge(folder, seen.started) <= JOB_PATIENCE; }
    return jobHeld(folder + "\\output.txt") || (program.indexOf("\\") > 0 && jobHeld(program));
  }
  for (i = 0; i < list.length; i++) { if (jobOwns(list[i], folder, seen, program)) { return true; } }
  return false;
}
function jobOwns(process, folder, seen, program) {
  var name = String(process.name).toLowerCase(), image = program.substring(program.lastIndexOf("\\") + 1).toLowerCase();
  var command = process.command === null ? null : process.command.toLowerCase();
  if (command !== null && command.indexOf(folder.toLowerCase() + "\\run.cmd") >= 0) { return true; }
  if (!jobSince(process, seen)) { return false; }
  if (process.pid === seen.pid && seen.pid && name === "cmd.exe") { return true; }
  if (!image || name !== (image.indexOf(".") < 0 ? image + ".exe" : image)) { return false; }
  // an everyday image name proves nothing: there the whole program must be in the command line
  return !/^(cmd|cscript|wscript|msiexec|net|ping)\.exe$/.test(name) || (command !== null && command.indexOf(seen.command.toLowerCase()) >= 0);
}
// Process numbers are used again: what is older than the job is none of it.
function jobSince(process, seen) {
  return !process.started || !(isoToTime(process.started) < isoToTime(seen.started) - 5000);
}
// True when a file cannot be opened for writing because a running program holds it. Without WMI the only sign of life.
function jobHeld(path) {
  var stream;
  if (!fso().FileExists(path)) { return false; }
  if (tryValue(function () { return fso().GetFile(path).Attributes & 1; }, 0)) { return false; }
  try { stream = fso().OpenTextFile(path, 8, false, 0); } catch (e) { // permission denied; Wine says "unspecified" of a program that runs
    return errorNumber(e) === -2146828218 || errorNumber(e) === -2147467259;
  }
  stream.Close();
  return false;
}

// {name} -> the job, with ended (how many) and killed (their names); ends its process tree. The folder stays as evidence.
// {refused, remedy} where it cannot be ended from here: then it counts as running still.
function jobCancel(args) {
  var seen = jobLook(args.name), killed = [], i, list, why;
  if (seen.phase !== "running") { return seen; }
  writeText(seen.folder + "\\cancelled.txt", utcNow());
  list = processes();
  why = list !== null && wmiAlive() ? jobKill(jobTree(list, seen), killed) : jobKillByTool(seen, killed);
  for (i = 0; i < 6 && jobAlive(seen.folder, seen); i++) { pause(500); }
  if (i === 6) {
    removePath(seen.folder + "\\cancelled.txt");
    return refusal((why || "it goes on") + (killed.length ? " (ended: " + killed.join(", ") + ")" : ""),
      "log on at the server's console, end " + jobImage(seen) + " and what it started (update.exe) in the Task Manager, then run again: the end is found");
  }
  seen = jobLook(args.name);
  seen.ended = killed.length;
  seen.killed = killed;
  return seen;
}
function jobImage(seen) {
  var program = jobProgram(seen.command), image = program.substring(program.lastIndexOf("\\") + 1);
  return image.indexOf(".") < 0 ? image + ".exe" : image;
}
// Processes of the job, parents before children, so that nothing is started again behind our back.
function jobTree(list, seen) {
  var tree = [], known = {}, grown = true, i, program = jobProgram(seen.command);
  while (grown) {
    grown = false;
    for (i = 0; i < list.length; i++) {
      if (!known[list[i].pid] && jobSince(list[i], seen) && (known[list[i].parent] || jobOwns(list[i], seen.folder, seen, program))) {
        known[list[i].pid] = grown = true;
        tree.push(list[i]);
      }
    }
  }
  return tree;
}
// "" or why one of them could not be ended.
function jobKill(tree, killed) {
  var i, why = "";
  for (i = 0; i < tree.length; i++) {
    if (jobTerminate(tree[i].pid)) { killed.push(tree[i].name); } else { why = "Windows does not end " + tree[i].name + " (pid " + tree[i].pid + ")"; }
  }
  return why;
}
// Without WMI: by taskkill.exe, which Windows XP and later have, and only what is surely the job's: the shell whose number was
// kept, and a program whose name no other one has.
function jobKillByTool(seen, killed) {
  var image = jobImage(seen), named = jobTasks('imagename eq ' + image), shell;
  if (named === null) { return "WMI does not work, and without tasklist.exe nothing here ends a process"; }
  shell = seen.pid ? jobTasks('pid eq ' + seen.pid) : [];
  if (shell.length === 1 && shell[0].name.toLowerCase() === "cmd.exe") { jobKillTask(shell[0], killed); }
  named = jobTasks('imagename eq ' + image) || [];
  if (named.length === 1 && !jobEveryday(image)) { return jobKillTask(named[0], killed); }
  if (!named.length) { return killed.length ? "" : "WMI does not work, and its program is not among the processes"; }
  return "WMI does not work, and which of the processes called " + image + " is the job's cannot be told";
}
// An image name many programs share, or have, proves nothing.
function jobEveryday(name) { return /^(cmd|cscript|wscript|msiexec|net|ping|setup|update|hotfix|spuninst)\.exe$/i.test(name); }
// [{name, pid}] by tasklist.exe; null where it does not work (Windows 2000 has none; without WMI 2003's own fails, likely).
function jobTasks(filter) {
  var run = tryValue(function () { return shellRun('tasklist /fi "' + filter + '" /fo csv /nh'); }, null), lines, found = [], i, m;
  if (run === null || run.exit_code !== 0) { return null; }
  note("jobs", "processes by tasklist.exe");
  for (lines = run.stdout.split(/\r?\n/), i = 0; i < lines.length; i++) {
    m = /^"([^"]+)","(\d+)"/.exec(lines[i]);
    if (m) { found.push({ name: m[1], pid: parseInt(m[2], 10) }); }
  }
  return found;
}
function jobKillTask(task, killed) {
  var run = shellRun("taskkill /F /T /PID " + task.pid), left = jobTasks("pid eq " + task.pid);
  if (left !== null && !left.length) {
    killed.push(task.name);
    return "";
  }
  return "taskkill.exe did not end " + task.name + " (pid " + task.pid + "): " + trim(run.stdout).replace(/\s+/g, " ").substring(0, 200);
}
function jobTerminate(pid) {
  try {
    var found = wmiObjects("root\\cimv2", "SELECT * FROM Win32_Process WHERE ProcessId = " + pid);
    return found.length && wmiCall(found[0], "Terminate", {}).ReturnValue === 0 ? 1 : 0;
  } catch (e) {
    note("jobs", "pid " + pid + ": " + errorText(e));
    return 0;
  }
}

// [job, ...] of this host, the archived ones left out.
function jobList() {
  var listing = listFolder(jobRoot()), jobs = [], i;
  for (i = 0; listing !== null && i < listing.folders.length; i++) {
    if (listing.folders[i].indexOf(".") < 0) { jobs.push(jobLook(listing.folders[i])); }
  }
  return jobs;
}
// {name} -> the job, marked as dealt with: the next start puts its folder aside and starts anew.
function jobSettle(args) {
  var seen = jobLook(args.name);
  if (seen.phase === "finished" || seen.phase === "lost") {
    writeText(seen.folder + "\\settled.txt", utcNow());
    seen.settled = true;
  }
  return seen;
}
