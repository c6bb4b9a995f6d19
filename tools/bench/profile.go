package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
)

// profileSeconds is how long a scenario is profiled.
const profileSeconds = 5

// profiles takes a CPU profile of the first Skytower in each scenario, apart from the measured rounds: profiling
// costs time itself.
func (b *bench) profiles(chosen []scenario) error {
	if b.profile == "" {
		return nil
	}
	if len(b.servers) == 0 {
		return errors.New("a profile needs Skytower")
	}
	if err := os.MkdirAll(b.profile, 0o755); err != nil {
		return fmt.Errorf("make the folder for profiles: %w", err)
	}
	for _, s := range chosen {
		if err := b.takeProfile(s); err != nil {
			return fmt.Errorf("profile %s: %w", s.name, err)
		}
	}
	return nil
}

func (b *bench) takeProfile(s scenario) error {
	progress("profiling %s", s.name)
	file := filepath.Join(b.profile, s.name+".pprof")
	fetched := make(chan error, 1)
	go func() { fetched <- fetchProfile(b.servers[0].operations, file) }()
	_, err := b.visit(s, b.targets[2], profileSeconds+1)
	if err := errors.Join(err, <-fetched); err != nil {
		return err
	}
	top := exec.Command("go", "tool", "pprof", "-top", "-nodecount=30", b.binary, file)
	top.Stdout, top.Stderr = os.Stdout, os.Stderr
	return top.Run()
}

func fetchProfile(operations, file string) error {
	response, err := http.Get(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", operations, profileSeconds))
	if err != nil {
		return fmt.Errorf("fetch profile: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("fetch profile: %s", response.Status)
	}
	out, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("keep profile: %w", err)
	}
	_, err = io.Copy(out, response.Body)
	if err := errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("keep profile: %w", err)
	}
	return nil
}
