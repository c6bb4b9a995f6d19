package admin

import (
	"net/http"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/catalog"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

func (h *Handlers) catalogRows() []api.Route {
	name := []api.Param{{Name: "name", In: "path", Required: true}}
	slug := []api.Param{{Name: "slug", In: "path", Description: "A slash is escaped as `%2F`.", Required: true}}
	return []api.Route{
		{Method: http.MethodPost, Pattern: "/admin/v1/apply", ID: "applyResources", Summary: "Apply resources",
			Description: "Creates and changes guards, providers and models to be as described; repeating it changes nothing. `dry_run` only shows the difference. All of it happens, or nothing.",
			Request:     skytells.ApplyRequest{}, Response: skytells.ApplyResult{}, Operator: h.apply},
		{Method: http.MethodGet, Pattern: "/admin/v1/providers", ID: "listProviders", Summary: "List providers",
			Response: skytells.List[skytells.ProviderSpec]{}, Operator: h.listProviders},
		{Method: http.MethodPut, Pattern: "/admin/v1/providers/{name}", ID: "putProvider", Summary: "Create or change a provider",
			Params: name, Request: skytells.ProviderSpec{}, Response: skytells.ProviderSpec{}, Operator: h.putProvider},
		{Method: http.MethodDelete, Pattern: "/admin/v1/providers/{name}", ID: "deleteProvider", Summary: "Delete a provider",
			Params: name, Response: skytells.Done{}, Operator: h.deleteProvider},
		{Method: http.MethodPost, Pattern: "/admin/v1/providers/{name}/import", ID: "importModels", Summary: "Import a provider's models",
			Description: "Reads the upstream's list and adds what is new; with `update` it takes description and schemas of what is there again. Without `free` the models wait for a type and a price.",
			Params:      name, Request: skytells.ImportRequest{}, Response: skytells.ImportResult{}, Operator: h.importModels},
		{Method: http.MethodGet, Pattern: "/admin/v1/models", ID: "listAllModels", Summary: "List all models, closed ones included",
			Response: skytells.List[skytells.ModelSpec]{}, Operator: h.listModels},
		{Method: http.MethodPut, Pattern: "/admin/v1/models/{slug}", ID: "putModel", Summary: "Create or change a model",
			Params: slug, Request: skytells.ModelSpec{}, Response: skytells.ModelSpec{}, Operator: h.putModel},
		{Method: http.MethodDelete, Pattern: "/admin/v1/models/{slug}", ID: "deleteModel", Summary: "Delete a model",
			Params: slug, Response: skytells.Done{}, Operator: h.deleteModel},
		{Method: http.MethodGet, Pattern: "/admin/v1/models/{slug}/prices", ID: "listPrices", Summary: "List a model's prices",
			Description: "Newest first, at most 1,000. A price never changes: a new one gets a new version, and every charge names the version that it was made at. A model that was deleted keeps its prices.",
			Params:      slug, Response: skytells.List[skytells.PriceVersion]{}, Operator: h.listPrices},
		{Method: http.MethodGet, Pattern: "/admin/v1/settings", ID: "getSettings", Summary: "Get the settings",
			Response: skytells.Settings{}, Operator: h.settings},
		{Method: http.MethodPut, Pattern: "/admin/v1/settings", ID: "putSettings", Summary: "Change the settings",
			Description: "Among them the models behind `deepbrain-router`.",
			Request:     skytells.Settings{}, Response: skytells.Settings{}, Operator: h.putSettings},
	}
}

func (h *Handlers) apply(c *httpx.Call, by account.Operator) error {
	var r skytells.ApplyRequest
	if err := c.Decode(maxBody, &r); err != nil {
		return err
	}
	result, err := h.Catalog.Apply(c.Request.Context(), r, by.ID)
	return h.answer(c, result, err)
}

func (h *Handlers) listProviders(c *httpx.Call, _ account.Operator) error {
	providers, err := h.Catalog.Providers(c.Request.Context())
	return list(c, providers, err)
}

func (h *Handlers) putProvider(c *httpx.Call, by account.Operator) error {
	var p skytells.ProviderSpec
	if err := c.Decode(maxBody, &p); err != nil {
		return err
	}
	p.Name = c.Request.PathValue("name")
	p, err := h.Catalog.PutProvider(c.Request.Context(), p, by.ID)
	return h.answer(c, p, err)
}

func (h *Handlers) deleteProvider(c *httpx.Call, by account.Operator) error {
	err := h.Catalog.DeleteProvider(c.Request.Context(), c.Request.PathValue("name"), by.ID)
	return h.answer(c, skytells.Done{Success: true}, err)
}

func (h *Handlers) importModels(c *httpx.Call, by account.Operator) error {
	var r skytells.ImportRequest
	if err := c.Decode(maxBody, &r); err != nil {
		return err
	}
	name := c.Request.PathValue("name")
	offered, err := h.Lister.List(c.Request.Context(), name, r.Models)
	if err != nil {
		return err
	}
	listed := make([]catalog.Listed, len(offered))
	for i, o := range offered {
		listed[i] = catalog.Listed(o)
	}
	result, err := h.Catalog.Import(c.Request.Context(), name, listed, r, by.ID)
	return h.answer(c, result, err)
}

func (h *Handlers) listModels(c *httpx.Call, _ account.Operator) error {
	models, err := h.Catalog.Models(c.Request.Context())
	return list(c, models, err)
}

func (h *Handlers) putModel(c *httpx.Call, by account.Operator) error {
	var m skytells.ModelSpec
	if err := c.Decode(maxBody, &m); err != nil {
		return err
	}
	m.Slug = c.Request.PathValue("slug")
	m, err := h.Catalog.PutModel(c.Request.Context(), m, by.ID)
	return h.answer(c, m, err)
}

func (h *Handlers) deleteModel(c *httpx.Call, by account.Operator) error {
	err := h.Catalog.DeleteModel(c.Request.Context(), c.Request.PathValue("slug"), by.ID)
	return h.answer(c, skytells.Done{Success: true}, err)
}

func (h *Handlers) listPrices(c *httpx.Call, _ account.Operator) error {
	prices, err := h.Catalog.Prices(c.Request.Context(), c.Request.PathValue("slug"))
	return list(c, prices, err)
}

func (h *Handlers) settings(c *httpx.Call, _ account.Operator) error {
	s, err := h.Catalog.Settings(c.Request.Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, s)
}

func (h *Handlers) putSettings(c *httpx.Call, by account.Operator) error {
	var s skytells.Settings
	if err := c.Decode(maxBody, &s); err != nil {
		return err
	}
	s, err := h.Catalog.SetSettings(c.Request.Context(), s, by.ID)
	return h.answer(c, s, err)
}
