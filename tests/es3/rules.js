// What JScript 5.6 cannot do and the grammar (grammar.py) cannot see. Runs in QuickJS over the tree; returns JSON texts.
var STATICS = {
  Array: 'prototype', Boolean: 'prototype', Error: 'prototype', Function: 'prototype', Object: 'prototype', RegExp: 'prototype',
  Date: 'prototype parse UTC', String: 'prototype fromCharCode',
  Number: 'prototype MAX_VALUE MIN_VALUE NaN NEGATIVE_INFINITY POSITIVE_INFINITY',
  Math: 'E LN10 LN2 LOG10E LOG2E PI SQRT1_2 SQRT2 abs acos asin atan atan2 ceil cos exp floor log max min pow random round sin sqrt tan'
};
var GLOBALS = 'NaN Infinity undefined parseInt parseFloat isNaN isFinite decodeURI decodeURIComponent encodeURI encodeURIComponent ' +
  'escape unescape eval Object Function Array String Boolean Number Date RegExp Error EvalError RangeError ReferenceError SyntaxError ' +
  'TypeError URIError Math ActiveXObject GetObject Enumerator VBArray ScriptEngine ScriptEngineMajorVersion ScriptEngineMinorVersion ' +
  'ScriptEngineBuildVersion WScript';
var MISSING = 'forEach map filter reduce reduceRight every some find findIndex includes fill flat flatMap at trim trimLeft trimRight ' +
  'trimStart trimEnd padStart padEnd startsWith endsWith repeat replaceAll matchAll codePointAt toISOString toJSON bind __proto__';
var TEXT_METHODS = 'charAt concat replace slice substr substring toLowerCase toUpperCase toString join';

function words(text) {
  var set = Object.create(null);
  text.split(' ').forEach(function (word) { set[word] = true; });
  return set;
}

function children(node) {
  var found = [];
  Object.keys(node).forEach(function (key) {
    (Array.isArray(node[key]) ? node[key] : [node[key]]).forEach(function (value) {
      if (value && typeof value.type === 'string' && value.range) { found.push(value); }
    });
  });
  return found;
}

function isFunction(node) { return node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression'; }

// Names a function body or a program declares: ES3 knows no block scope.
function declared(body, into) {
  children(body).forEach(function visit(node) {
    if (node.type === 'FunctionDeclaration') { into[node.id.name] = true; }
    if (isFunction(node)) { return; }
    if (node.type === 'VariableDeclarator') { into[node.id.name] = true; }
    children(node).forEach(visit);
  });
  return into;
}

function isText(node) {
  if (node.type === 'Literal') { return typeof node.value === 'string'; }
  if (node.type === 'BinaryExpression') { return node.operator === '+' && (isText(node.left) || isText(node.right)); }
  if (node.type !== 'CallExpression') { return false; }
  if (node.callee.type === 'Identifier') { return node.callee.name === 'String'; }
  return node.callee.type === 'MemberExpression' && !node.callee.computed && words(TEXT_METHODS)[node.callee.property.name] && node.callee.property.name !== 'concat' && node.callee.property.name !== 'slice';
}

function negative(node) { return node && node.type === 'UnaryExpression' && node.operator === '-'; }

function memberRules(node, say) {
  var name = node.computed ? '' : node.property.name, owner = node.object.type === 'Identifier' ? node.object.name : '';
  if (node.computed && isText(node.object)) { say(node, 'a text has no index in JScript 5.6: use charAt'); }
  if (!name) { return; }
  if (Object.prototype.hasOwnProperty.call(STATICS, owner) && !words(STATICS[owner])[name]) { say(node.property, owner + '.' + name + ' does not exist in JScript 5.6'); } else if (words(MISSING)[name]) { say(node.property, '.' + name + ' does not exist in JScript 5.6'); }
}

function callRules(node, say) {
  var name = node.callee.type === 'MemberExpression' && !node.callee.computed ? node.callee.property.name : '', first = node.arguments[0];
  if (name === 'substr' && negative(first)) { say(node, 'substr with a negative start begins at 0 in JScript: use slice'); }
  if (name === 'splice' && node.arguments.length === 1) { say(node, 'splice with one argument removes nothing in JScript: give a count'); }
  if (name === 'split' && first && first.regex && !/^(\\[rns]|[?+*\[\]])*$/.test(first.regex.pattern)) { say(node, 'split by a pattern drops empty parts in JScript: split by a text'); }
}

function literalRules(node, say) {
  if (typeof node.value !== 'string') { return; }
  if (/^(?:[^\\]|\\[^v])*\\v/.test(node.raw)) { say(node, '"\\v" is the letter v in JScript'); }
  if (/\\(\r|\n)/.test(node.raw)) { say(node, 'a text over several lines is not ES3'); }
}

function shapeRules(node, parent, say) {
  switch (node.type) {
    case 'MemberExpression': memberRules(node, say); break;
    case 'CallExpression': callRules(node, say); break;
    case 'Literal': literalRules(node, say); break;
    case 'WithStatement': say(node, '"with" hides where names come from'); break;
    case 'DebuggerStatement': say(node, '"debugger" stops the script host'); break;
    case 'ArrayExpression': if (node.elements.indexOf(null) >= 0) { say(node, 'an array with holes has another length in JScript'); } break;
    case 'FunctionExpression': if (node.id) { say(node, 'JScript leaks the name of a function expression into the scope around it'); } break;
    case 'FunctionDeclaration': if (parent.type !== 'Program' && !parent.functionBody) { say(node, 'a function declared inside a block is not ES3'); } break;
  }
}

// Names a file asks for by typeof before it uses them: there or not, both are right.
function optional(tree, into) {
  children(tree).forEach(function (node) {
    if (node.type === 'UnaryExpression' && node.operator === 'typeof' && node.argument.type === 'Identifier') { into[node.argument.name] = true; }
    optional(node, into);
  });
  return into;
}

// Calls use(identifier, scopes, isAssignment) for every name that is read or written.
function names(node, scopes, use) {
  function go(child, inner) { if (child) { names(child, inner || scopes, use); } }
  if (isFunction(node)) {
    var own = declared(node.body, words('arguments'));
    node.params.forEach(function (p) { own[p.name] = true; });
    if (node.id && node.type === 'FunctionExpression') { own[node.id.name] = true; }
    go(node.body, scopes.concat([own]));
  } else if (node.type === 'CatchClause') {
    var caught = Object.create(null);
    caught[node.param.name] = true;
    go(node.body, scopes.concat([caught]));
  } else if (node.type === 'Identifier') { use(node, scopes, false);
  } else if (node.type === 'MemberExpression') { go(node.object); if (node.computed) { go(node.property); }
  } else if (node.type === 'Property') { go(node.value);
  } else if (node.type === 'LabeledStatement') { go(node.body);
  } else if (node.type === 'VariableDeclarator') { go(node.init);
  } else if (node.type !== 'BreakStatement' && node.type !== 'ContinueStatement') {
    var target = node.type === 'AssignmentExpression' || node.type === 'ForInStatement' ? node.left : node.type === 'UpdateExpression' ? node.argument : null;
    if (target && target.type === 'Identifier') { use(target, scopes, true); }
    children(node).forEach(function (child) { if (child !== target || target.type !== 'Identifier') { go(child); } });
  }
}

function characters(source, say) {
  source.split('\n').forEach(function (line, index) {
    var at = line.search(/[^\x20-\x7e\r]/);
    if (at >= 0) { say({ loc: { start: { line: index + 1, column: at } } }, 'only printable ASCII, no tabs: write \\u escapes'); }
  });
}

function walk(node, parent, say) {
  shapeRules(node, parent, say);
  if (isFunction(node)) { node.body.functionBody = true; }
  children(node).forEach(function (child) { walk(child, node, say); });
}

// (source, its tree or null and comments as JSON, names other files provide, names this file may not declare) ->
// {messages: [{line, column, text}], functions, names}
function es3Check(source, parsed, provided, taken) {
  var messages = [], tree = JSON.parse(parsed).tree, comments = JSON.parse(parsed).comments, own, functions = [];
  var known = words(GLOBALS + ' ' + provided), reserved = words(taken);
  function say(node, text) { messages.push({ line: node.loc.start.line, column: node.loc.start.column + 1, text: text }); }
  characters(source, say);
  if (!tree) { return JSON.stringify({ messages: messages, functions: [], names: [] }); }
  comments.forEach(function (c) { if (/@cc_on|^@/.test(c.value)) { say(c, 'conditional compilation'); } });
  own = declared(tree, Object.create(null));
  tree.body.forEach(function (node) {
    if (node.type !== 'FunctionDeclaration') { return; }
    if (functions.indexOf(node.id.name) >= 0) { say(node.id, node.id.name + ' is declared twice'); }
    functions.push(node.id.name);
  });
  Object.keys(own).forEach(function (name) {
    if (reserved[name] || words(GLOBALS)[name]) { say(tree.body[0], name + ' hides a name of a library or of the script host'); }
  });
  walk(tree, { type: 'none' }, say);
  optional(tree, known);
  names(tree, [known, own], function (node, scopes, assigned) {
    var local = scopes.slice(1).some(function (scope) { return scope[node.name]; });
    if (local || (known[node.name] && !assigned)) { return; }
    say(node, assigned ? 'assignment to ' + node.name + ', which this file does not declare: var is missing' : node.name + ' is unknown: not in JScript, this file or what it needs');
  });
  return JSON.stringify({ messages: messages, functions: functions, names: Object.keys(own) });
}
