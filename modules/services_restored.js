// needs: services jobs wmi
// The host's side of bringing services back: what ran before the job, what runs now, and one deed at a time.

function inspect(args) {
  var jobs = srJobs(args.job), cluster = serviceInfo(['ClusSvc']);
  return {
    jobs: jobs,
    services: srNow(jobs),
    cluster: cluster.length > 0 && cluster[0].state === 'running'
  };
}

// The job asked for, or every one that nobody has dealt with yet.
function srJobs(name) {
  var all = name ? [jobState({ name: name })] : jobList(), kept = [], i;
  for (i = 0; i < all.length; i++) {
    if (all[i].phase !== 'absent' && !all[i].settled) { kept.push(all[i]); }
  }
  return kept;
}

function srNow(jobs) {
  var names = [], known = {}, i, j, before;
  for (i = 0; i < jobs.length; i++) {
    before = jobs[i].services_before || [];
    for (j = 0; j < before.length; j++) {
      if (!known[before[j].name]) { names.push(before[j].name); }
      known[before[j].name] = true;
    }
  }
  return names.length ? serviceInfo(names) : [];
}

// Looks at one service, and asks it to start when that is wanted and it is stopped: {service, asked}.
function look(args) {
  var found = serviceInfo([args.name]), service = found.length ? found[0] : null, asked = null;
  if (args.start && service !== null && service.state === 'stopped') { asked = startService(args.name); }
  return { service: service, asked: asked };
}

function mode(args) { return setStartMode(args.name, args.mode); }

function settle(args) { return jobSettle({ name: args.job }); }

// The newest errors and warnings that may tell why a service does not start; null when the event log cannot be read.
function events(args) {
  var since = srWmiTime(args.since), rows, lines = [], i;
  rows = wmiQuery('root\\cimv2', 'SELECT TimeGenerated, SourceName, EventCode, Message FROM Win32_NTLogEvent WHERE ' +
    "(Logfile = 'System' OR Logfile = 'Application') AND TimeGenerated >= '" + since + "'",
    ['TimeGenerated', 'SourceName', 'EventCode', 'Message']);
  for (i = 0; rows !== null && i < rows.length && lines.length < args.limit; i++) {
    if (srTells(rows[i], args.words)) {
      lines.push(wmiTime(rows[i].TimeGenerated) + ' ' + rows[i].SourceName + ' ' + rows[i].EventCode + ': ' +
        trim(rows[i].Message).replace(/\s+/g, ' ').substring(0, 300));
    }
  }
  return { lines: rows === null ? null : lines };
}

// A UTC time as WMI writes it: local, with minutes from UTC behind; then even a comparison of texts is right.
function srWmiTime(utc) {
  var minutes = bias().minutes, local = isoTime(isoToTime(utc) - minutes * 60000).replace(/[-:TZ]/g, '');
  return local + '.000000' + (minutes > 0 ? '-' : '+') + pad(Math.abs(minutes), 3);
}

function srTells(row, words) {
  var text = (row.SourceName + ' ' + row.Message).toLowerCase(), i;
  for (i = 0; i < words.length; i++) {
    if (text.indexOf(words[i].toLowerCase()) >= 0) { return true; }
  }
  return false;
}
