package cli

import (
	"github.com/alecthomas/kong"
)

const description = `A self-hosted AI inference platform: the server and its command line.

Commands that ask a server find it at --url or SKYTOWER_URL. Those that act for an account (run, predictions, files) need an API key of it in SKYTOWER_API_KEY. All others need the operator key, which comes from SKYTOWER_OPERATOR_KEY or, for a server on this machine, from the file operator.key in its data folder.

Exit codes: 0 done, 1 the server said no, 2 wrong use, 3 no server answers.`

// commands is the grammar: each field a command or a flag of all commands.
type commands struct {
	connection

	Serve   ownCommand `cmd:"" group:"process" help:"Start the server."`
	Init    ownCommand `cmd:"" group:"process" help:"Make the first operator, account and key (PostgreSQL)."`
	Migrate ownCommand `cmd:"" group:"process" help:"Bring a database to this version."`
	Config  ownCommand `cmd:"" group:"process" help:"Print the configuration and where each setting came from."`

	Keys      keysCommand      `cmd:"" group:"server" help:"API keys."`
	Accounts  accountsCommand  `cmd:"" group:"server" help:"Accounts, which own keys."`
	Members   membersCommand   `cmd:"" group:"server" help:"People of an account, whose roles bound their keys."`
	Audit     auditCommand     `cmd:"" group:"server" help:"Show who did what: every administrative act, newest first."`
	Providers providersCommand `cmd:"" group:"server" help:"Upstreams that serve models."`
	Models    modelsCommand    `cmd:"" group:"server" help:"Models."`
	Router    routerCommand    `cmd:"" group:"server" help:"Routers: models that choose among others for each request."`
	Targets   targetsCommand   `cmd:"" group:"server" help:"Show which targets of models serve, and how fast."`
	Apply     applyCommand     `cmd:"" group:"server" help:"Load providers and models from files, showing the difference first."`
	Settings  settingsCommand  `cmd:"" group:"server" help:"Show the stored choices."`
	Credits   creditsCommand   `cmd:"" group:"server" help:"Credit of accounts."`
	Limits    limitsCommand    `cmd:"" group:"server" help:"Limits of accounts and keys."`
	Usage     usageCommand     `cmd:"" group:"server" help:"What was used and charged."`
	Ledger    ledgerCommand    `cmd:"" group:"server" help:"Check the ledger, and make statements."`

	RunModel    runCommand         `cmd:"" name:"run" group:"account" help:"Run a model: make a prediction, wait for it and print or save what it put out."`
	Predictions predictionsCommand `cmd:"" group:"account" help:"Predictions."`
	Files       filesCommand       `cmd:"" group:"account" help:"Files for the inputs of predictions."`

	Version    versionCommand    `cmd:"" help:"Print the version."`
	Completion completionCommand `cmd:"" help:"Print a script that completes commands in a shell."`
	Complete   completeCommand   `cmd:"" hidden:""`
}

// ownGroup are the commands that the program runs without this package.
const ownGroup = "process"

func groups() []kong.Group {
	return []kong.Group{
		{Key: ownGroup, Title: "On this machine (flags: skytower COMMAND --help):"},
		{Key: "server", Title: "With a running server:"},
		{Key: "account", Title: "With a running server and an API key of an account:"},
	}
}

// ownCommand stands in the help for what the program runs itself, without this
// package: it looks for these words in the first place only.
type ownCommand struct {
	Flags []string `arg:"" optional:"" passthrough:"" help:"Flags of the command."`
}

// Run tells how to write it.
func (*ownCommand) Run(c *kong.Context) error {
	name := c.Selected().Name
	return usagef("%s comes first: skytower %s [flags]", name, name)
}

type versionCommand struct{}

// Run prints the version.
func (*versionCommand) Run(s *session) error {
	return s.show(map[string]string{"version": s.Version}, func(t *table) { t.row("skytower " + s.Version) })
}
