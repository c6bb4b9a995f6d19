package cli

import (
	"github.com/alecthomas/kong"
)

const description = `A self-hosted AI inference platform: the server and its command line.

Commands find the server at --url, else at SKYTOWER_URL, else at the one of the last 'skytower login', else at http://127.0.0.1:8080.

Commands for an account (chat, run, predictions, files, batches) take an API key from --key, else from SKYTOWER_API_KEY, else from SKYTELLS_API_KEY, else from 'skytower login'.

All others take the operator key from SKYTOWER_OPERATOR_KEY, else from operator.key in the folder of --data or SKYTOWER_DATA, else from 'skytower login', else from operator.key in ./data; a data folder counts for a server on this machine. models, usage, credits balance and ledger show an API key's own account where there is no operator key.

Exit codes: 0 done, 1 the server said no, 2 wrong use, 3 no server answers.`

// commands is the grammar: each field a command or a flag of all commands.
type commands struct {
	connection

	Serve   ownCommand `cmd:"" group:"process" help:"Start the server."`
	Init    ownCommand `cmd:"" group:"process" help:"Make the first operator, account and key (PostgreSQL)."`
	Migrate ownCommand `cmd:"" group:"process" help:"Bring a database to this version; --dry-run shows what that would do."`
	DB      ownCommand `cmd:"" name:"db" group:"process" help:"Copy a database into another one, such as from SQLite to PostgreSQL (db copy)."`
	Backup  ownCommand `cmd:"" group:"process" help:"Back up the database and the files, also of a running server; 'backup verify' checks one."`
	Restore ownCommand `cmd:"" group:"process" help:"Put a backup into a new data folder, or check what was restored."`
	Config  ownCommand `cmd:"" group:"process" help:"Print the configuration and where each setting came from."`

	Engine    ownCommand `cmd:"" group:"process" help:"Install llama.cpp's library, which runs GGUF files, or look at what engines have (install, status)."`
	MasterKey ownCommand `cmd:"" group:"process" help:"Make, change or look at the master key (new, status, rotate, drop)."`

	Login  loginCommand  `cmd:"" group:"session" help:"Keep a key of a server, which commands then talk to."`
	Logout logoutCommand `cmd:"" group:"session" help:"Forget the keys of a server."`
	Whoami whoamiCommand `cmd:"" group:"session" help:"Show which server and which keys commands use, and whether they work."`

	Keys      keysCommand      `cmd:"" group:"server" help:"API keys."`
	Accounts  accountsCommand  `cmd:"" group:"server" help:"Accounts, which own keys."`
	Members   membersCommand   `cmd:"" group:"server" help:"People of an account, whose roles bound their keys."`
	Audit     auditCommand     `cmd:"" group:"server" help:"Show who did what: every administrative act, newest first."`
	Providers providersCommand `cmd:"" group:"server" help:"Upstreams that serve models."`
	Guards    guardsCommand    `cmd:"" group:"server" help:"What looks at prompts and answers."`
	Models    modelsCommand    `cmd:"" group:"server" help:"Models."`
	Router    routerCommand    `cmd:"" group:"server" help:"Routers: models that choose among others for each request."`
	Targets   targetsCommand   `cmd:"" group:"server" help:"Show which targets of models serve, and how fast."`
	Apply     applyCommand     `cmd:"" group:"server" help:"Load guards, providers, models, settings and limits from files, showing the difference first."`
	Export    exportCommand    `cmd:"" group:"server" help:"Write guards, providers, models, settings and limits as a file for 'apply'."`
	Cache     cacheCommand     `cmd:"" group:"server" help:"Kept answers: how many there are, and how to clear them."`
	Settings  settingsCommand  `cmd:"" group:"server" help:"Show the stored choices."`
	Credits   creditsCommand   `cmd:"" group:"server" help:"Credit of accounts."`
	Limits    limitsCommand    `cmd:"" group:"server" help:"Limits of accounts and keys."`
	Usage     usageCommand     `cmd:"" group:"server" help:"What was used and charged."`
	Ledger    ledgerCommand    `cmd:"" group:"server" help:"Check the ledger, and make statements."`

	Chat        chatCommand        `cmd:"" group:"account" help:"Ask a chat model, or talk with it."`
	RunModel    runCommand         `cmd:"" name:"run" group:"account" help:"Run a model: make a prediction, wait for it and print or save what it put out."`
	Predictions predictionsCommand `cmd:"" group:"account" help:"Predictions."`
	Files       filesCommand       `cmd:"" group:"account" help:"Files for the inputs of predictions and batches."`
	Batches     batchesCommand     `cmd:"" group:"account" help:"Many requests of a file, answered when there is time."`

	Doctor     doctorCommand     `cmd:"" group:"other" help:"Look for what is wrong: of a running server, else of this machine's configuration."`
	Health     healthCommand     `cmd:"" group:"other" help:"Ask whether the server on this machine is alive, or ready; for health checks."`
	Open       openCommand       `cmd:"" group:"other" help:"Print the console's address, and show it in a browser."`
	Version    versionCommand    `cmd:"" group:"other" help:"Print the version."`
	Schema     schemaCommand     `cmd:"" group:"other" help:"Print the JSON Schema of the process file or of resource files, for editors."`
	Completion completionCommand `cmd:"" group:"other" help:"Print a script that completes commands in a shell."`
	Complete   completeCommand   `cmd:"" hidden:""`
}

// ownGroup are the commands that the program runs without this package.
const ownGroup = "process"

func groups() []kong.Group {
	return []kong.Group{
		{Key: ownGroup, Title: "On this machine (flags: skytower COMMAND --help):"},
		{Key: "session", Title: "Keys that are kept on this machine:"},
		{Key: "server", Title: "With a running server:"},
		{Key: "account", Title: "With a running server and an API key of an account:"},
		{Key: "other", Title: "Besides:"},
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
