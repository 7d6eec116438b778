// needs: services jobs wmi
// The host's side of bringing services back, one deed at a time; what ran before and what runs now is asked of exchange_facts.js.

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
  var since = wmiMoment(args.since), rows, lines = [], i;
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

function srTells(row, words) {
  var text = (row.SourceName + ' ' + row.Message).toLowerCase(), i;
  for (i = 0; i < words.length; i++) {
    if (text.indexOf(words[i].toLowerCase()) >= 0) { return true; }
  }
  return false;
}
