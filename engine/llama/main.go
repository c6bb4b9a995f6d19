// Command skytower-llama runs one GGUF file by llama.cpp, and answers OpenAI's chat
// completions or embeddings over a Unix socket. A Skytower server starts it, one for each
// model, and restarts it when it dies.
//
// It is a program of its own since the library is native code: what goes wrong there ends a
// process, and it makes any program that loads it depend on the C library. It refuses to know
// accounts, prices, limits and other models, and opens no network.
//
// Its one invariant: an answer's tokens are counted by the library's own tokenizer, and what
// its caller left is computed no further than the next token.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// version is set by the linker at release.
var version = "dev" //nolint:gochecknoglobals // the linker can set nothing else

// Exit codes, as of the program skytower.
const (
	exitFailure = 1
	exitUsage   = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code) // without waiting for calls: who ends us has waited already
}

// options are the command line.
type options struct {
	library, model, socket, pooling string
	descriptor                      int
	threads, context, parallel      int
	gpuLayers                       int
	embeddings, leash, check        bool
	version                         bool
}

func (o *options) flags(set *flag.FlagSet) {
	set.StringVar(&o.library, "library", "", "`FOLDER` of the library, as 'skytower engine install' makes it")
	set.StringVar(&o.model, "model", "", "the GGUF `FILE`")
	set.StringVar(&o.socket, "socket", "", "`PATH` of the Unix socket to listen on")
	set.IntVar(&o.descriptor, "listener", 0, "`NUMBER` of an open file that is a listening socket, instead of -socket")
	set.IntVar(&o.threads, "threads", 1, "threads that compute")
	set.IntVar(&o.context, "context", 4096, "tokens of one call, prompt and answer; at most what the file was trained for")
	set.IntVar(&o.parallel, "parallel", 1, "calls at the same time")
	set.IntVar(&o.gpuLayers, "gpu-layers", 0, "layers that a graphics card computes, where the library can")
	set.BoolVar(&o.embeddings, "embeddings", false, "serve embeddings instead of chat")
	set.StringVar(&o.pooling, "pooling", "", "how a text's vector is made of those of its tokens: mean, cls or last; empty: as the file says")
	set.BoolVar(&o.leash, "leash", false, "end when standard input ends: whoever holds it is gone")
	set.BoolVar(&o.version, "version", false, "print the version, and end")
	set.BoolVar(&o.check, "check", false, "load the library, say so, and end")
}

// report is the one line on standard output that tells who started us what became of it.
type report struct {
	Ready     bool   `json:"ready"`
	Error     string `json:"error,omitempty"`
	System    string `json:"system,omitempty"`    // what the library says that it uses of the processor
	Context   int    `json:"context,omitempty"`   // tokens of one call
	Width     int    `json:"width,omitempty"`     // numbers of an embedding
	Template  bool   `json:"template,omitempty"`  // the file has a chat template that works
	Parallel  int    `json:"parallel,omitempty"`  // calls at the same time
	Described string `json:"described,omitempty"` // such as "llama 7B Q4_K - Medium"
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var o options
	set := flag.NewFlagSet("skytower-llama", flag.ContinueOnError)
	set.SetOutput(stderr)
	o.flags(set)
	if err := set.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return exitUsage
	}
	if o.version {
		fmt.Fprintln(stdout, "skytower-llama", version)
		return 0
	}
	if err := o.valid(set.Args()); err != nil {
		fmt.Fprintln(stderr, "skytower-llama:", err)
		return exitUsage
	}
	if err := o.serve(ctx, stdin, stdout); err != nil {
		tell(stdout, report{Error: err.Error()})
		fmt.Fprintln(stderr, "skytower-llama:", err)
		return exitFailure
	}
	return 0
}

func (o *options) valid(rest []string) error {
	const most = 1024
	switch {
	case len(rest) > 0:
		return fmt.Errorf("what is %q? There are flags only; -help lists them", rest[0])
	case o.library == "":
		return errors.New("say where the library is: -library FOLDER")
	case o.check:
		return nil
	case o.model == "":
		return errors.New("say which file: -model FILE.gguf")
	case (o.socket == "") == (o.descriptor == 0):
		return errors.New("say where to listen: -socket PATH")
	case o.threads < 1 || o.threads > most, o.parallel < 1 || o.parallel > most:
		return fmt.Errorf("-threads and -parallel are from 1 to %d", most)
	case o.context < 1 || o.context > 1<<24:
		return errors.New("-context is from 1 to 16777216")
	}
	_, err := poolingOf(o.pooling)
	return err
}

func tell(w io.Writer, r report) {
	line, err := json.Marshal(r)
	if err == nil {
		_, _ = w.Write(append(line, '\n')) // who does not listen any more needs no answer
	}
}

// serve loads the library and the model, and answers until ctx ends or the leash is let go.
func (o *options) serve(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	system, err := loadLibrary(o.library)
	if err != nil {
		return err
	}
	if o.check {
		tell(stdout, report{Ready: true, System: system})
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if o.leash {
		go func() {
			_, _ = io.Copy(io.Discard, stdin)
			os.Exit(exitFailure) // also while a model loads, which nothing else ends
		}()
	}
	e, err := load(o)
	if err != nil {
		return err
	}
	listener, err := o.listen(ctx)
	if err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		e.run(ctx)
	}()
	server := &http.Server{Handler: e.routes(), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	tell(stdout, e.report(system))
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-ended
	return nil
}

func (o *options) listen(ctx context.Context) (net.Listener, error) {
	if o.descriptor == 0 {
		var lc net.ListenConfig
		return lc.Listen(ctx, "unix", o.socket)
	}
	file := os.NewFile(uintptr(o.descriptor), "listener")
	if file == nil {
		return nil, fmt.Errorf("there is no open file %d", o.descriptor)
	}
	defer func() { _ = file.Close() }() // the listener has its own
	return net.FileListener(file)
}
