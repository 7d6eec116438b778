BEGIN TRANSACTION;
CREATE TABLE approvals (
	number INTEGER NOT NULL, 
	plan_hash TEXT NOT NULL, 
	name TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	user TEXT NOT NULL, 
	controller TEXT NOT NULL, 
	at TEXT NOT NULL, 
	PRIMARY KEY (number)
);
CREATE TABLE events (
	number INTEGER NOT NULL, 
	run TEXT NOT NULL, 
	at TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	host TEXT NOT NULL, 
	data TEXT NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	PRIMARY KEY (number)
);
INSERT INTO "events" VALUES(1,'20261128-2200-7f3a','2026-11-28T22:00:00.000000Z','run begun','','{"controller":"ctl1","hosts":["ex1","ex2"],"kind":"run","pid":1,"plan_hash":"","playbook":"site.yml","process_start":"b07c1cc5-e06a-4661-beff-1aa0bac6821e/pid:[4026531836]/24","request":{},"resumes":"","who":"ann"}','0000000000000000000000000000000000000000000000000000000000000000','ed1d79390d07dc8e7729047fea4244e092ad0a2f043cbe7a5c4fd224c7175dd1');
INSERT INTO "events" VALUES(2,'20261128-2200-7f3a','2026-11-28T22:00:00.000000Z','lock taken','ex1','{"why":"run: site.yml"}','ed1d79390d07dc8e7729047fea4244e092ad0a2f043cbe7a5c4fd224c7175dd1','7e3c960c52d5afac3907519309b0fda8eaf4311b93163d50e5c4d2292cd0548f');
INSERT INTO "events" VALUES(3,'20261128-2200-7f3a','2026-11-28T22:00:00.000000Z','step begun','ex1','{"address":"play/look@ex1","key":"","module":"win_stat","number":1,"task":"look"}','7e3c960c52d5afac3907519309b0fda8eaf4311b93163d50e5c4d2292cd0548f','51d72aa42b42275df9d4c7ae86d4ea6c7d594651efe8c5f26f0c55a894617436');
INSERT INTO "events" VALUES(4,'20261128-2200-7f3a','2026-11-28T22:00:00.000000Z','step ended','ex1','{"number":1,"redacted":false,"result":"a29ee2b15c494311c52521766e44af56a3ad2248e7a8ab465e5206463c13d288","seconds":0.5,"status":"ok"}','51d72aa42b42275df9d4c7ae86d4ea6c7d594651efe8c5f26f0c55a894617436','6bf85929ad25cd519e2d3f4033cf7373bff5cbb545f38c43f3c653b5ead016a0');
INSERT INTO "events" VALUES(5,'20261128-2200-7f3a','2026-11-28T22:00:00.000000Z','step begun','ex1','{"address":"play/do@ex1","key":"win_command|command","module":"win_command","number":2,"task":"do"}','6bf85929ad25cd519e2d3f4033cf7373bff5cbb545f38c43f3c653b5ead016a0','328a7f743950eed2925e2e53293505d33d176d75053f18b7edd4ddcb0a093039');
INSERT INTO "events" VALUES(6,'20261128-2200-7f3a','2026-11-28T22:00:00.000000Z','step ended','ex1','{"number":2,"redacted":false,"result":"2b9a8a7ed4874909740b4f8981b291fa4c1b5e210e7fa8cd1e2f702061b4af4d","seconds":1.5,"status":"changed"}','328a7f743950eed2925e2e53293505d33d176d75053f18b7edd4ddcb0a093039','d2366c03c5116cdc2b53f2efa0c66ed4083257cc96d32432623bd08f76d732c9');
INSERT INTO "events" VALUES(7,'20261128-2200-7f3a','2026-11-28T22:00:00.000000Z','step begun','ex1','{"address":"play/more@ex1","key":"win_command|command","module":"win_command","number":3,"task":"more"}','d2366c03c5116cdc2b53f2efa0c66ed4083257cc96d32432623bd08f76d732c9','aa781c55b8fca741e903eec984170e650a04f0d9dcae6df4539c74d841ac7ff5');
INSERT INTO "events" VALUES(8,'20261128-2200-7f3a','2026-11-28T22:00:00.000000Z','host ended','ex1','{"columns":{},"counts":{},"notes":[],"outcome":"failed","reason":"interrupted","remedy":""}','aa781c55b8fca741e903eec984170e650a04f0d9dcae6df4539c74d841ac7ff5','a6e3a1aad2f3c8ed1c5fc5aa9ec4d460facb427a8e4a5322e480629f5f8d2216');
INSERT INTO "events" VALUES(9,'20261128-2200-7f3a','2026-11-28T22:00:00.000000Z','lock released','ex1','{}','a6e3a1aad2f3c8ed1c5fc5aa9ec4d460facb427a8e4a5322e480629f5f8d2216','73c96dec19fbd105f93b8befa9cfcb44873c1006cae11d86473cd068aaeeb073');
INSERT INTO "events" VALUES(10,'20261128-2200-7f3a','2026-11-28T22:00:00.000000Z','run ended','','{"exit_code":130,"status":"interrupted"}','73c96dec19fbd105f93b8befa9cfcb44873c1006cae11d86473cd068aaeeb073','f99c4ec0495248830eadb60b60a19f4a6e2d02546753ffa15ce6cd1f8f0962d0');
CREATE TABLE head (
	id INTEGER NOT NULL, 
	number BIGINT NOT NULL, 
	hash TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "head" VALUES(1,10,'f99c4ec0495248830eadb60b60a19f4a6e2d02546753ffa15ce6cd1f8f0962d0');
CREATE TABLE hosts (
	run TEXT NOT NULL, 
	host TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	locked BOOLEAN NOT NULL, 
	outcome TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	remedy TEXT NOT NULL, 
	columns TEXT NOT NULL, 
	counts TEXT NOT NULL, 
	notes TEXT NOT NULL, 
	PRIMARY KEY (run, host)
);
INSERT INTO "hosts" VALUES('20261128-2200-7f3a','ex1',0,0,'failed','interrupted','','{}','{}','[]');
INSERT INTO "hosts" VALUES('20261128-2200-7f3a','ex2',1,0,'','','','{}','{}','[]');
CREATE TABLE ledger_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT ledger_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "ledger_version" VALUES('0001');
CREATE TABLE locks (
	host TEXT NOT NULL, 
	run TEXT NOT NULL, 
	who TEXT NOT NULL, 
	controller TEXT NOT NULL, 
	pid BIGINT NOT NULL, 
	process_start TEXT NOT NULL, 
	since TEXT NOT NULL, 
	why TEXT NOT NULL, 
	PRIMARY KEY (host)
);
CREATE TABLE packages (
	run TEXT NOT NULL, 
	host TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	name TEXT NOT NULL, 
	version TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	at TEXT NOT NULL, 
	PRIMARY KEY (run, host, sha256)
);
CREATE TABLE runs (
	id TEXT NOT NULL, 
	number BIGINT NOT NULL, 
	kind TEXT NOT NULL, 
	playbook TEXT NOT NULL, 
	request TEXT NOT NULL, 
	plan_hash TEXT NOT NULL, 
	resumes TEXT NOT NULL, 
	who TEXT NOT NULL, 
	controller TEXT NOT NULL, 
	pid BIGINT NOT NULL, 
	process_start TEXT NOT NULL, 
	started TEXT NOT NULL, 
	finished TEXT, 
	status TEXT NOT NULL, 
	exit_code INTEGER, 
	beat BIGINT NOT NULL, 
	beat_at TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (number)
);
INSERT INTO "runs" VALUES('20261128-2200-7f3a',1,'run','site.yml','{}','','','ann','ctl1',1,'b07c1cc5-e06a-4661-beff-1aa0bac6821e/pid:[4026531836]/24','2026-11-28T22:00:00.000000Z','2026-11-28T22:00:00.000000Z','interrupted',130,0,'2026-11-28T22:00:00.000000Z');
CREATE TABLE steps (
	run TEXT NOT NULL, 
	host TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	address TEXT NOT NULL, 
	task TEXT NOT NULL, 
	module TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	begun_at TEXT NOT NULL, 
	ended_at TEXT, 
	seconds DOUBLE NOT NULL, 
	status TEXT NOT NULL, 
	redacted BOOLEAN NOT NULL, 
	result TEXT NOT NULL, 
	PRIMARY KEY (run, host, number)
);
INSERT INTO "steps" VALUES('20261128-2200-7f3a','ex1',1,'play/look@ex1','look','win_stat','','2026-11-28T22:00:00.000000Z','2026-11-28T22:00:00.000000Z',0.5,'ok',0,'{"status":"ok"}');
INSERT INTO "steps" VALUES('20261128-2200-7f3a','ex1',2,'play/do@ex1','do','win_command','win_command|command','2026-11-28T22:00:00.000000Z','2026-11-28T22:00:00.000000Z',1.5,'changed',0,'{"changes":[{}],"status":"changed"}');
INSERT INTO "steps" VALUES('20261128-2200-7f3a','ex1',3,'play/more@ex1','more','win_command','win_command|command','2026-11-28T22:00:00.000000Z',NULL,0.0,'',0,'{}');
CREATE TABLE writers (
	writer TEXT NOT NULL, 
	write BIGINT NOT NULL, 
	answer TEXT NOT NULL, 
	PRIMARY KEY (writer)
);
CREATE INDEX hosts_by_host ON hosts (host);
CREATE INDEX steps_by_key ON steps ("key", status, ended_at);
CREATE INDEX events_by_run ON events (run, number);
CREATE INDEX approvals_by_plan ON approvals (plan_hash);
COMMIT;
