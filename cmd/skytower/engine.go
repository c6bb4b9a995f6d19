package main

import (
	"context"
	"os"

	"skytower/internal/app"
	"skytower/internal/cli"
)

// addModel puts a GGUF file into the process file, for 'skytower models add'.
func addModel(ctx context.Context, m cli.NewModel) (cli.AddedModel, error) {
	added, err := app.AddModel(ctx, app.NewModel(m), os.Environ())
	return cli.AddedModel(added), err
}
