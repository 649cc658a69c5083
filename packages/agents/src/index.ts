export { type AgentTool, toolCatalogue } from './tool-catalogue.ts';
