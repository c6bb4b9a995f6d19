// Command skytower serves the Skytells AI API, and is its command line.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"skytower/internal/app"
	"skytower/internal/cli"
	"skytower/internal/config"
	"skytower/internal/maintain"
)

// version is set by the linker at release.
var version = "dev" //nolint:gochecknoglobals // the linker can set nothing else

// Exit codes: 0 success, 1 failure, 2 wrong use (docs/cli.md).
const (
	exitFailure = 1
	exitUsage   = 2
)

func main() {
	app.Child()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	options := cli.Options{
		Stdin: os.Stdin, Stdout: stdout, Stderr: stderr, Version: version,
		Diagnose: cli.Diagnosis(app.Diagnose, app.Options{Version: version}),
	}
	if len(args) == 0 {
		return cli.Run(ctx, []string{"--help"}, options)
	}
	commands := map[string]func(context.Context, *config.Config, io.Writer, io.Writer) error{
		"serve": serve, "init": initialise, "migrate": migrate, "config": printConfig,
	}
	command, ok := commands[args[0]]
	if !ok {
		return cli.Run(ctx, args, options)
	}
	src, err := config.ParseFlags(args[1:])
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(stdout, "Usage: skytower %s [flags]\n\n%s", args[0], config.Usage())
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "skytower:", err)
		return exitUsage
	}
	src.Env = os.Environ()
	cfg, err := config.Load(src)
	if err != nil {
		fmt.Fprintln(stderr, "skytower:", err)
		return exitUsage
	}
	if err := command(ctx, cfg, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "skytower:", err)
		return exitFailure
	}
	return 0
}

// serve runs the server until a signal.
func serve(ctx context.Context, cfg *config.Config, stdout, stderr io.Writer) error {
	a, err := app.Build(ctx, cfg, app.Options{Stdout: stdout, Stderr: stderr, Version: version})
	if err != nil {
		return err
	}
	if err := a.Start(ctx); err != nil {
		return errors.Join(err, a.Stop(context.WithoutCancel(ctx)))
	}
	select {
	case <-ctx.Done():
	case err = <-a.Failed():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.ShutdownGrace)
	defer cancel()
	return errors.Join(err, a.Stop(grace))
}

func initialise(ctx context.Context, cfg *config.Config, stdout, _ io.Writer) error {
	return maintain.Init(ctx, cfg, stdout)
}

func migrate(ctx context.Context, cfg *config.Config, stdout, _ io.Writer) error {
	return maintain.Migrate(ctx, cfg, stdout)
}

func printConfig(_ context.Context, cfg *config.Config, stdout, _ io.Writer) error {
	_, err := stdout.Write(cfg.Dump())
	return err
}
