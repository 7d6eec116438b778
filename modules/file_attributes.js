// needs: files registry wmi
// Reads back what the file tables of an article speak of: version, size and UTC date of each file.

var FA_SETUP = 'HKLM\\SOFTWARE\\Microsoft\\Exchange\\Setup';
var FA_LANGUAGE = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Nls\\Language\\InstallLanguage';

function inspect(args) {
  var folder = faFolder(args.folder), zone = tryValue(bias, null), files = {}, i, name;
  for (i = 0; i < args.files.length; i++) {
    name = String(args.files[i]).toLowerCase();
    files[name] = folder === null ? null : faFile(folder + '\\' + args.files[i]);
  }
  return {
    folder: folder,
    files: files,
    language: faLanguage(),
    bias_minutes: zone === null ? null : zone.minutes,
    bias_source: zone === null ? null : zone.source
  };
}

// The install path can be changed at setup, so only the registry knows it.
function faFolder(given) {
  var path;
  if (given) { return expand(given).replace(/[\\\/]+$/, ''); }
  path = faValue(FA_SETUP + '\\Services') || faValue(FA_SETUP + '\\MsiInstallPath');
  if (!path) {
    note('folder', 'the registry does not say where Exchange is installed');
    return null;
  }
  return String(path).replace(/[\\\/]+$/, '') + '\\bin';
}

function faFile(path) {
  var info = tryValue(function () { return fileInfo(path); }, null), rows;
  if (info === null || !info.exists || info.version) { return info; }
  rows = wmiQuery('root\\cimv2', "SELECT Version FROM CIM_DataFile WHERE Name='" + path.replace(/\\/g, '\\\\') + "'", ['Version']);
  info.version = rows !== null && rows.length ? rows[0].Version : null;
  note('file', path + ': version ' + (info.version ? 'from WMI' : 'neither from the file nor from WMI'));
  return info;
}

function faLanguage() {
  var code = faValue(FA_LANGUAGE);
  return code === null ? null : parseInt(code, 16);
}

function faValue(path) { return tryValue(function () { return regValue(path); }, null); }
