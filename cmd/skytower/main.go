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
	"strings"
	"syscall"
	"time"

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
		Diagnose: cli.Diagnosis(app.Diagnose, app.Options{Version: version}), AddModel: addModel,
	}
	if len(args) == 0 {
		return cli.Run(ctx, []string{"--help"}, options)
	}
	if args[0] == "master-key" {
		return app.MasterKey(ctx, args[1:], os.Environ(), stdout, stderr)
	}
	if args[0] == "engine" {
		return app.Engine(ctx, args[1:], os.Environ(), stdout, stderr)
	}
	if code, ok := runMaintenance(ctx, args, stdout, stderr); ok {
		return code
	}
	commands := map[string]func(context.Context, *config.Config, io.Writer, io.Writer) error{
		"serve": serve, "init": initialise, "config": printConfig,
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
	return errors.Join(err, shutDown(ctx, a, cfg.ShutdownGrace))
}

// shutDown stops the server. After SIGTERM it first drains; Ctrl-C is of somebody who waits.
// Each further signal ends what is being waited for: first the draining, then the grace.
func shutDown(ctx context.Context, a *app.App, grace time.Duration) error {
	hurry := make(chan os.Signal, 2) // it hears of signals after the one that ended ctx
	signal.Notify(hurry, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(hurry)
	if terminated(ctx) {
		waiting, done := untilSignal(ctx, hurry)
		a.Drain(waiting)
		done()
	}
	waiting, done := untilSignal(ctx, hurry)
	defer done()
	waiting, cancel := context.WithTimeout(waiting, grace)
	defer cancel()
	return a.Stop(waiting)
}

// terminated reports whether SIGTERM ended ctx; [signal.NotifyContext] says so in words.
func terminated(ctx context.Context) bool {
	cause := context.Cause(ctx)
	return cause != nil && strings.HasPrefix(cause.Error(), syscall.SIGTERM.String())
}

// untilSignal is a context that ends with the next signal.
func untilSignal(ctx context.Context, signals <-chan os.Signal) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		cancel()
		<-heard
	}
}

func initialise(ctx context.Context, cfg *config.Config, stdout, _ io.Writer) error {
	return maintain.Init(ctx, cfg, stdout)
}

func printConfig(_ context.Context, cfg *config.Config, stdout, _ io.Writer) error {
	_, err := stdout.Write(cfg.Dump())
	return err
}
