// needs: jobs verdicts wmi
// Jobs of earlier runs that nobody has dealt with, and installers that outlived theirs.

function inspect(args) {
  var all = jobsJudged(), jobs = [], list = processes(), running = [], i, j;
  for (i = 0; i < all.length; i++) {
    if (!all[i].settled && (!args.job || all[i].name === args.job)) { jobs.push(all[i]); }
  }
  for (i = 0; list !== null && i < list.length; i++) {
    for (j = 0; j < args.installers.length; j++) {
      if (String(list[i].name).toLowerCase() === args.installers[j].toLowerCase()) {
        running.push({ name: list[i].name, pid: list[i].pid });
      }
    }
  }
  return { jobs: jobs, installers_running: list === null ? null : running };
}
