package app_test

import (
	"os"
	"testing"

	"skytower/internal/app"
)

func TestMain(m *testing.M) {
	app.Child() // servers under test run commands
	os.Exit(m.Run())
}
